"""A file of parameters: its values, its revision, and what is refused."""

import pytest

from controller.domain.components.parameters.values import Parameters, parse_parameters
from controller.errors import InvalidBundleError


def refusal(text: str) -> str:
    """Why the file is refused."""
    with pytest.raises(InvalidBundleError) as caught:
        parse_parameters(text.encode(), "settings.yaml")
    assert caught.value.next_step
    return caught.value.reason


def test_values_stay_as_they_were_written() -> None:
    """YAML does not make numbers, dates or booleans of them, and names may look like numbers too."""
    text = b"DEBUG: no\nRATE: 1.10\nSINCE: 2025-07-01\n404: page\nMOTD: |\n  Pack\n  light\nLIST: '[1, 2]'"
    assert parse_parameters(text, "settings.yaml").values == {
        "DEBUG": "no",
        "RATE": "1.10",
        "SINCE": "2025-07-01",
        "404": "page",
        "MOTD": "Pack\nlight\n",
        "LIST": "[1, 2]",
    }


def test_the_revision_depends_on_names_and_values_only() -> None:
    """A comment, another order or quotes change nothing; one character of a value does."""
    first = parse_parameters(b"A: one\nB: 2", "x").revision
    assert parse_parameters(b"# better\nB: '2'\nA: one", "x").revision == first
    assert parse_parameters(b"A: one\nB: 3", "x").revision != first
    assert len(first) == 16


def test_names_and_values_cannot_be_confused() -> None:
    """The same text as a name in one file and a value in another gives two revisions."""
    assert Parameters({"A": "B"}).revision != Parameters({"B": "A"}).revision


REFUSED = {
    "nothing": ("", "settings.yaml must hold keys and values (`NAME: value`), not nothing"),
    "no parameters": ("{}", "settings.yaml has no parameters"),
    "a list": ("- a", "not a list"),
    "no YAML": ("a: [", "settings.yaml is not valid YAML"),
    "twice": ("A: 1\nA: 2", "line 2, column 1: the key 'A' appears twice"),
    "nested": ("A: x\nB: {C: 1}", "settings.yaml: line 2, column 1: `B` must be one value"),
    "a list inside": ("A: [1]", "`A` must be one value"),
    "no value": ("A:", "`A` has no value"),
    "empty value": ("A: ''", "`A` has no value"),
    "name with a slash": ("a/b: 1", "`a/b` is not a valid parameter name"),
    "too long": (f"A: {'x' * 4097}", "`A` has more than 4,096 bytes"),
    "reference": ("A: '{{resolve:ssm:B}}'", "`A` contains '{{'"),
    "too many": ("\n".join(f"P{n}: x" for n in range(101)), "has 101 parameters; at most 100 are allowed"),
    "too much": (f"A: {'x' * 70_000}", "at most 65,536 are allowed"),
}


@pytest.mark.parametrize(("text", "reason"), REFUSED.values(), ids=REFUSED)
def test_parameters_that_ssm_would_refuse_are_refused(text: str, reason: str) -> None:
    """The message has the file, the name, and what is allowed."""
    assert reason in refusal(text)


@pytest.mark.parametrize(
    "text", ["A: [hunter2]", "A: {hunter2: hunter2}", "A: 'hunter2 {{x}}'", f"A: {'hunter2' * 999}"]
)
def test_values_are_never_shown(text: str) -> None:
    """A value that somebody wrote there by mistake may be a secret."""
    assert "hunter2" not in refusal(text)
