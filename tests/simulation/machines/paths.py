"""The paths and templates of the Amazon States Language, as far as the two machines use them."""
# ruff: noqa: ANN401 - JSON

from collections.abc import Mapping
from typing import Any

MISSING = object()


class StatesError(Exception):
    """An error of an execution: its name (`States.Timeout`) and its cause."""

    def __init__(self, name: str, cause: str = "") -> None:
        super().__init__(name, cause)
        self.name, self.cause = name, cause

    def document(self) -> dict[str, str]:
        """What a Catch gets."""
        return {"Error": self.name, "Cause": self.cause}


RUNTIME = "States.Runtime"
"""A path that leads nowhere, for example. No Retry and no Catch takes it."""


def found(path: str, data: Any, context: Mapping[str, Any]) -> Any:
    """What a path leads to; `MISSING` when there is nothing."""
    if path.startswith("$$"):
        data, path = context, path[1:]
    if path != "$" and not path.startswith("$."):
        raise NotImplementedError(f"the simulator does not know the path {path}")
    for part in path.split(".")[1:]:
        if not isinstance(data, Mapping) or part not in data:
            return MISSING
        data = data[part]
    return data


def at(path: str, data: Any, context: Mapping[str, Any]) -> Any:
    """What a path leads to; raises `StatesError` when there is nothing."""
    value = found(path, data, context)
    if value is MISSING:
        raise StatesError(RUNTIME, f"The path '{path}' leads nowhere.")
    return value


def filled(template: Any, data: Any, context: Mapping[str, Any]) -> Any:
    """A template with the values of all its keys that end in `.$`."""
    if isinstance(template, Mapping):
        return {
            key.removesuffix(".$"): at(value, data, context) if key.endswith(".$") else filled(value, data, context)
            for key, value in template.items()
        }
    if isinstance(template, list):
        return [filled(one, data, context) for one in template]
    return template


def placed(path: str | None, data: Any, result: Any) -> Any:
    """The state's input with the result at this place; None keeps the input, `$` replaces it."""
    if path is None:
        return data
    if path == "$":
        return result
    head, *rest = path.removeprefix("$.").split(".")
    inner = data.get(head, {}) if isinstance(data, Mapping) else {}
    return {**data, head: placed("$." + ".".join(rest), inner, result) if rest else result}


COMPARISONS = {
    "StringEquals": lambda value, wanted: isinstance(value, str) and value == wanted,
    "NumericEquals": lambda value, wanted: _is_number(value) and value == wanted,
    "NumericGreaterThan": lambda value, wanted: _is_number(value) and value > wanted,
    "NumericGreaterThanEquals": lambda value, wanted: _is_number(value) and value >= wanted,
    "NumericLessThan": lambda value, wanted: _is_number(value) and value < wanted,
    "NumericLessThanEquals": lambda value, wanted: _is_number(value) and value <= wanted,
    "BooleanEquals": lambda value, wanted: isinstance(value, bool) and value == wanted,
}


def holds(rule: Mapping[str, Any], data: Any, context: Mapping[str, Any]) -> bool:
    """Whether a Choice's rule holds."""
    if "And" in rule:
        return all(holds(one, data, context) for one in rule["And"])
    if "Or" in rule:
        return any(holds(one, data, context) for one in rule["Or"])
    if "Not" in rule:
        return not holds(rule["Not"], data, context)
    if "IsPresent" in rule:
        return (found(rule["Variable"], data, context) is not MISSING) == rule["IsPresent"]
    value = at(rule["Variable"], data, context)
    (operator,) = rule.keys() - {"Variable", "Next", "Comment"}
    return COMPARISONS[operator](value, rule[operator])


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
