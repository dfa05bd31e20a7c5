"""The alerts of a phase in their notation: what they say, and what is refused with its line."""

from __future__ import annotations

import pytest

from service.domain import keypoints
from service.integrations import texts


def test_each_line_names_an_event_and_who_hears_of_it() -> None:
    text = "entered: stakeholders group:operations\n\nmilestone: nobody; approval-asked: deciders, user:max"
    assert keypoints.parse_alerts(text) == {
        "entered": ("stakeholders", "group:operations"),
        "milestone": (),
        "approval-asked": ("deciders", "user:max"),
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("entered: board\nmilestone", "Line 2 of the alerts, “milestone”, has no colon."),
        ("entred: board", "Line 1 of the alerts: “entred” is not an event. Known are entered, left, milestone,"),
        ("closed: board", "“closed” is not an event"),
        ("entered: board\nentered: manager", "Line 2 of the alerts: entered is there twice"),
        ("left:", "Line 1 of the alerts: nobody is named. Known are assignee, candidates,"),
        ("\n\nleft: the boss", "Line 3 of the alerts: “the” is not a recipient."),
        ("left: nobody board", "nobody stands beside others"),
        (" ; \n", "The alerts are empty."),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_line(text: str, said: str) -> None:
    with pytest.raises(ValueError) as refused:
        keypoints.parse_alerts(text)
    assert said in str(refused.value)


def test_every_key_point_has_words() -> None:
    assert {point.kind for point in keypoints.POINTS} <= set(texts.kinds())
    assert len(keypoints.EVENTS) == len(set(keypoints.EVENTS))
