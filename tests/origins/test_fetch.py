"""For how long a fetched picture counts as fresh."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from progimage.config import Origin
from progimage.origins.fetch import fresh_s


def _settings(**options: Any) -> Origin:
    return Origin.model_validate({"from": "https://example.com/", **options})


@pytest.mark.parametrize(
    ("max_age_s", "options", "expected"),
    [
        (None, {}, 300),
        (None, {"fresh_min_s": 900}, 300),
        (77, {}, 77),
        (77, {"respect_cache_control": False}, 300),
        (77, {"fresh_min_s": 900}, 900),
        (0, {"fresh_min_s": 10}, 10),
        (31_536_000, {}, 86_400),
        (31_536_000, {"fresh_max_s": 600}, 600),
        (31_536_000, {"fresh_max_s": 31_536_000}, 31_536_000),
        (77, {"fresh_min_s": 60, "fresh_max_s": 60}, 60),
    ],
)
def test_what_the_origin_asks_for_counts_within_bounds(max_age_s, options, expected) -> None:
    assert fresh_s(_settings(**options), max_age_s) == expected


def test_the_shortest_time_may_not_exceed_the_longest() -> None:
    with pytest.raises(ValidationError, match=r"fresh_min_s: .* fresh_max_s"):
        _settings(fresh_min_s=601, fresh_max_s=600)
