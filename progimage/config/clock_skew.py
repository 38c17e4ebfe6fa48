"""How far clocks may be apart.

Order and safety come from the store's conditions and from monotonic clocks, never from
the time of day. Where something ends at a moment, nodes have to agree on the moment
well enough; these are the bounds that are held.
"""

from __future__ import annotations

SKEW_S = 300
"""Seconds that the clock of a node, or of the store, may be wrong, fast or slow."""

APART_S = 2 * SKEW_S
"""Seconds that the clocks of two nodes may so be apart."""
