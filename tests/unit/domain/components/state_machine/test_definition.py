"""A state machine's definition: what is read, what stands for names, and what is refused without asking AWS."""

import json
from typing import Any

import pytest

from controller.domain.components.state_machine.definition import MAX_BYTES, digest_of, parse_definition
from controller.errors import InvalidBundleError

SAY: dict[str, Any] = {"Type": "Pass", "End": True}
YAML = """
StartAt: Ask
States:
  Ask:
    Type: Task
    Resource: ${Function}
    Parameters: {Table: "${Table}", Limit: 3, Note: no}
    Retry: [{ErrorEquals: [States.ALL], MaxAttempts: 2, BackoffRate: 1.5}]
    End: true
"""


def parsed(**states: Any) -> Any:  # noqa: ANN401 - ASL
    """A definition with these states; the first one begins."""
    return parse_definition(json.dumps({"StartAt": next(iter(states)), "States": states}).encode(), "flow.json")


def refused(text: bytes) -> str:
    """Why a text is refused."""
    with pytest.raises(InvalidBundleError) as caught:
        parse_definition(text, "flow.json")
    return str(caught.value)


def test_yaml_is_the_same_as_json() -> None:
    """Numbers and switches are what they look like, `no` is a text, and names are replaced where they stand."""
    text = parse_definition(YAML.encode(), "flow.yaml").written({"Function": "arn:f", "Table": "trips"})
    (ask,) = json.loads(text)["States"].values()
    assert ask["Parameters"] == {"Table": "trips", "Limit": 3, "Note": "no"}
    assert (ask["Resource"], ask["End"], ask["Retry"][0]["BackoffRate"]) == ("arn:f", True, 1.5)


def test_a_value_cannot_change_the_definition() -> None:
    """It is text within a text, whatever characters it has, and is not replaced again."""
    machine = parsed(Say={**SAY, "Comment": "${Word} and ${Word}"})
    found = json.loads(machine.written({"Word": '"}, ${Other}'}))["States"]["Say"]
    assert found == {**SAY, "Comment": '"}, ${Other} and "}, ${Other}'}


def test_a_name_without_a_value_is_refused() -> None:
    """With the place where to give it; values that no name needs do not matter."""
    with pytest.raises(InvalidBundleError, match=r"nothing says what \$\{Table\} stands for") as caught:
        parsed(Say={**SAY, "Comment": "${Table}"}).written({"Other": "x"})
    assert "definition_substitutions" in caught.value.next_step


def test_a_megabyte_of_names_with_long_values_is_refused_before_it_is_written() -> None:
    """It would be a gigabyte of text."""
    machine = parsed(Say={**SAY, "Comment": "${A}" * 10_000})
    with pytest.raises(InvalidBundleError, match="has 40,960,000 characters with its values"):
        machine.written({"A": "x" * 4096, "Other": "x"})


def test_what_is_no_name_stays() -> None:
    """JSONata and intrinsic functions have braces of their own."""
    machine = parsed(Say={**SAY, "Comment": "{% $x %} ${a.b} States.Format('{}', $.a)"})
    assert json.loads(machine.written({}))["States"]["Say"]["Comment"].startswith("{% $x %} ${a.b}")


def test_a_definition_has_one_digest_however_it_is_written() -> None:
    """Step Functions keeps the text as it was sent, by whomever."""
    first, second = '{"a": 1, "b": "ä"}', '{\n  "b": "\\u00e4", "a": 1}'
    assert digest_of(first) == digest_of(second)
    assert digest_of("no JSON") != digest_of(first)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"[]", "it has no `States`"),
        (b"{}", "it has no `States`"),
        (b'{"StartAt": "A", "States": {}}', "it has no `States`"),
        (b'{"StartAt": "B", "States": {"A": {"Type": "Succeed"}}}', "`StartAt` names no state: 'B'"),
        (b'{"StartAt": ["A"], "States": {"A": {"Type": "Succeed"}}}', "`StartAt` names no state"),
        (b'{"StartAt": "A", "States": {"A": {}}}', "state 'A': it has no `Type`"),
        (b'{"StartAt": "A", "States": {"A": 1}}', "state 'A': it has no `Type`"),
        (b'{"StartAt": "A", "States": {"A": {"Type": "Succeed", "x": 1e999}}}', "the number 1e999 is too large"),
        (b'{"StartAt": "A", "StartAt": "B"}', "appears twice"),
        (b"a: [", "cannot be read"),
        (b"\xff\xfe", "not UTF-8"),
    ],
)
def test_what_is_no_definition_is_refused(text: bytes, reason: str) -> None:
    """With the place of the first mistake."""
    assert reason in refused(text)


@pytest.mark.parametrize(
    "state",
    [
        {"Type": "Pass", "Next": "Gone"},
        {"Type": "Choice", "Default": "Gone", "Choices": []},
        {"Type": "Choice", "Choices": [{"Next": "Gone"}]},
        {"Type": "Task", "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Gone"}], "End": True},
        {"Type": "Pass", "Next": ["Gone"]},
    ],
)
def test_a_state_that_leads_nowhere_is_refused(state: dict[str, Any]) -> None:
    """By whatever member it leads there."""
    with pytest.raises(InvalidBundleError, match=r"state .A.: it leads to .*, which is not there"):
        parsed(A=state)


@pytest.mark.parametrize("member", ["ItemProcessor", "Iterator", "Branches"])
def test_states_within_a_state_are_checked_too(member: str) -> None:
    """They know only each other."""
    inner = {"StartAt": "B", "States": {"B": {"Type": "Pass", "Next": "A"}}}
    outer = {"Type": "Map", member: [inner] if member == "Branches" else inner, "End": True}
    with pytest.raises(InvalidBundleError, match="state 'A': state 'B': it leads to 'A', which is not there"):
        parsed(A=outer)


def test_a_definition_that_its_values_make_too_large_is_refused() -> None:
    """Step Functions would refuse it when it is staged."""
    machine = parsed(Say={**SAY, "Comment": "${Word}" * 300})
    with pytest.raises(InvalidBundleError, match="characters with its values"):
        machine.written({"Word": "x" * (MAX_BYTES // 300 + 1)})
