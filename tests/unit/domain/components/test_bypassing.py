"""What follows for a release from who calls a function without its alias."""

import pytest

from controller.domain.components.bypassing import ADVICE, UNREAD_ADVICE, Bypassing
from controller.domain.components.function.target import FunctionTarget


def a_target(when: str) -> FunctionTarget:
    """A function in an environment that says this."""
    return FunctionTarget.model_validate({"kind": "function", "function_name": "f", "when_bypassed": when})


@pytest.mark.parametrize(
    ("found", "advice"),
    [
        (Bypassing(), ""),
        (Bypassing(callers=("the rule r",)), ADVICE),
        (Bypassing(unread=("pipes:ListPipes",)), UNREAD_ADVICE),
        (Bypassing(callers=("the rule r",), unread=("pipes:ListPipes",)), ADVICE),
        (Bypassing(beyond=("there are too many",)), ""),
    ],
)
def test_only_what_somebody_can_end_is_refused(found: Bypassing, advice: str) -> None:
    """A caller, and a list that may be read after a permission; never one that is too long."""
    assert found.refusal(a_target("refuse"))[1] == advice
    assert found.refusal(a_target("say")) == ("", "")


def test_all_of_it_is_said() -> None:
    """A sentence each, with the alias that should be called."""
    found = Bypassing(("the rule r",), ("pipes:ListPipes",), ("there are too many",))
    called, unread, beyond = found.said(a_target("say"))
    assert (called.startswith("It is called without its alias, by the rule r."), "f:live" in called) == (True, True)
    assert unread.endswith("because this could not be read: pipes:ListPipes.")
    assert beyond.endswith("because there are too many. Look yourself whether all that call it call f:live.")
    assert Bypassing().said(a_target("say")) == ()
