"""What takes long to reach everybody is left to the workers, so that no request waits for it."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from service.usecases.running import signals
from tests.usecases.test_messages import ORDERING, deploy, publish, running, state
from tests.usecases.working import work


def test_a_message_that_takes_long_to_hand_out_is_left_to_the_workers(
    house: Flask, time: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    deploy(ORDERING)
    monkeypatch.setattr(signals, "PATIENCE_S", -1.0)
    sent = publish("7")
    assert sent.key is not None
    assert (sent.instances, state(sent.key), running("ordering")) == ((), "waiting", [])
    time.turn(seconds=4)
    work()
    assert (len(running("ordering")), state(sent.key)) == (1, "kept")
