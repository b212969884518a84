"""The check of the alarms before the versions are compared: unknown states count against the canary."""

from collections.abc import Mapping

import pytest

from controller.domain.judging.verdict import alarm_trouble


@pytest.mark.parametrize(
    ("states", "said"),
    [
        (None, "cannot be read"),
        ({"errors": "ALARM"}, "errors is firing"),
        ({}, "errors does not exist"),
        ({"errors": "OK"}, ""),
        ({"errors": "INSUFFICIENT_DATA"}, ""),
        ({"errors": "OK", "another": "ALARM"}, ""),
    ],
)
def test_only_alarms_with_a_known_quiet_state_are_fine(states: Mapping[str, str] | None, said: str) -> None:
    """An alarm that is firing, gone or unreadable stops the release; alarms of others do not."""
    trouble = alarm_trouble(states, ["errors"])
    assert said in trouble
    assert bool(trouble) is bool(said)


def test_without_alarms_nothing_can_be_wrong_with_them() -> None:
    """An environment without alarms is judged by its metrics."""
    assert alarm_trouble(None, []) == ""
