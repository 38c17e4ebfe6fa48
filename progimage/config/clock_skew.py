"""How much clocks may differ.

Order and safety come from the store's conditional writes and from monotonic clocks, never
from the time of day. The clocks of nodes must agree, within these bounds, only where something
ends at a fixed time.
"""

from __future__ import annotations

SKEW_S = 300
"""Seconds by which the clock of a node, or of the store, may be fast or slow."""

APART_S = 2 * SKEW_S
"""Seconds by which the clocks of two nodes may differ as a result."""
