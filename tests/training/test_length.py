"""When training ends."""

from __future__ import annotations

import pytest

from pixelwise.training import Steps, Until


def test_steps() -> None:
    assert [Steps(4).progress(step) for step in (0, 1, 4, 9)] == [0.0, 0.25, 1.0, 1.0]


def test_until_follows_the_clock_not_the_steps() -> None:
    now = [100.0]
    length = Until(110.0, clock=lambda: now[0])
    assert length.progress(1) == 0.0
    now[0] = 105.0
    assert length.progress(1) == length.progress(1000) == pytest.approx(0.5)
    now[0] = 200.0
    assert length.progress(1) == 1.0


def test_what_is_reserved_is_not_for_training_and_may_change() -> None:
    now = [0.0]
    length = Until(110.0, reserve=10.0, clock=lambda: now[0])
    now[0] = 50.0
    assert length.progress(1) == pytest.approx(0.5)
    length.reserve = 60.0  # a slower computer
    assert length.progress(1) == 1.0


def test_a_resumed_training_has_done_its_share() -> None:
    now = [0.0]
    length = Until(50.0, clock=lambda: now[0], before=50.0)
    assert length.progress(1) == pytest.approx(0.5)
    now[0] = 25.0
    assert length.progress(1) == pytest.approx(0.75)


def test_a_deadline_in_the_past_still_allows_one_step() -> None:
    length = Until(50.0, clock=lambda: 100.0)
    assert length.progress(0) == 0.0
    assert length.progress(1) == 1.0
