"""How long until, how late: one unit, to the nearest."""

from __future__ import annotations

import pytest

from service.web.pages import words

MINUTE, HOUR, DAY = 60, 3600, 86400


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (1, "1 min"),
        (29 * MINUTE + 40, "30 min"),
        (HOUR - 1, "1 h"),
        (47 * HOUR, "47 h"),
        (2 * DAY - 5, "2 days"),
        (5 * DAY - 10, "5 days"),
        (5 * DAY + 11 * HOUR, "5 days"),
    ],
)
def test_a_length_of_time_is_said_in_its_largest_unit(seconds, said):
    assert words.span(seconds) == said
