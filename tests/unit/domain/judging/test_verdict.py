"""What the alarms have to say, before the versions are compared; what is not known counts against the canary."""

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
def test_only_known_and_quiet_alarms_are_no_trouble(states: Mapping[str, str] | None, said: str) -> None:
    """An alarm that fires, is gone, or cannot be read speaks against going on; others' alarms do not."""
    trouble = alarm_trouble(states, ["errors"])
    assert said in trouble
    assert bool(trouble) is bool(said)


def test_without_alarms_nothing_can_be_wrong_with_them() -> None:
    """An environment that names no alarm is judged by its figures."""
    assert alarm_trouble(None, []) == ""
