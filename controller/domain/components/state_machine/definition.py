"""A state machine's definition: read from JSON or YAML, with values for its names, and always written the same way.

Only what is certain without AWS is refused here: that a state leads to one that does not exist, for example. Step
Functions itself checks all of it when a version is made.
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from controller.domain.printable import printable
from controller.domain.reading.strict_json import read_json
from controller.domain.reading.strict_yaml import UnreadableError, YamlReader, decoded
from controller.domain.reading.written import meaning
from controller.errors import InvalidBundleError

MAX_BYTES = 1_048_576
"""Step Functions' own limit for a definition."""
MOST_DEPTH = 100
NAME = re.compile(r"\$\{([A-Za-z0-9_]{1,128})\}")
LEADING = ("Next", "Default")
"""The members that name another state."""
_SHOWN = 60


class _DefinitionReader(YamlReader):
    most_depth = MOST_DEPTH


@dataclass(frozen=True)
class Definition:
    """A definition, in which names (`${Table}`) may still stand for values."""

    content: Mapping[str, Any]
    file: str

    @cached_property
    def names(self) -> frozenset[str]:
        """The names in its texts."""
        return frozenset(name for text in _texts(self.content) for name in NAME.findall(text))

    def written(self, values: Mapping[str, str]) -> str:
        """The definition with values for all names, as JSON; raises `InvalidBundleError` when one has none."""
        if missing := sorted(self.names - values.keys()):
            reason = f"{self.file}: nothing says what ${{{missing[0]}}} stands for"
            advice = "Give it under `definition_substitutions` of the component, in release.yaml or in the environment."
            raise InvalidBundleError(reason, advice)
        # Before anything is replaced: a megabyte of names with long values would fill the memory.
        added = sum(len(values[name]) for text in _texts(self.content) for name in NAME.findall(text))
        if added > MAX_BYTES:
            raise self._too_large(added)
        text = canonical(_replaced(self.content, lambda found: NAME.sub(lambda one: values[one[1]], found)))
        if len(text) > MAX_BYTES:
            raise self._too_large(len(text))
        return text

    def _too_large(self, size: int) -> InvalidBundleError:
        reason = f"{self.file} has {size:,} characters with its values; Step Functions takes {MAX_BYTES:,}"
        return InvalidBundleError(reason, "Split it into two state machines.")


def canonical(content: object) -> str:
    """JSON that is the same for the same definition."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def digest_of(text: str) -> str:
    """The digest of a definition in JSON, however it is written; of a text that is not JSON, that of the text."""
    with suppress(ValueError, RecursionError):
        text = canonical(json.loads(text))
    return hashlib.sha256(text.encode()).hexdigest()


def parse_definition(text: bytes, file: str) -> Definition:
    """The definition in a file of a bundle; raises `InvalidBundleError` for one that Step Functions cannot accept."""
    try:
        words = decoded(text)
        is_json = words.lstrip().startswith("{")
        content = read_json(words, MOST_DEPTH) if is_json else meaning(_DefinitionReader(words).read())
    except UnreadableError as error:
        raise InvalidBundleError(f"{file} cannot be read: {printable(str(error))}", f"Correct {file}.") from error
    if problem := _infinite(content) or next(_problems(content, ""), ""):
        raise InvalidBundleError(f"{file} is no definition of a state machine: {problem}", f"Correct {file}.")
    return Definition(content, file)


def _infinite(content: object) -> str:
    try:
        canonical(content)
    except ValueError:
        return "it has a number that is too large"
    return ""


def _problems(machine: object, place: str) -> Iterator[str]:
    """What is wrong with a state machine, or with a part of one that has states of its own."""
    states = machine.get("States") if isinstance(machine, dict) else None
    if not isinstance(machine, dict) or not isinstance(states, dict) or not states:
        yield f"{place}it has no `States`"
        return
    first = machine.get("StartAt")
    if not isinstance(first, str) or first not in states:
        yield f"{place}`StartAt` names no state: {_shown(first)}"
    for name, state in states.items():
        where = f"{place}state {_shown(name)}: "
        if not isinstance(state, dict) or not isinstance(state.get("Type"), str):
            yield f"{where}it has no `Type`"
            continue
        for led in _leads_to(state):
            if not isinstance(led, str) or led not in states:
                yield f"{where}it leads to {_shown(led)}, which is not there"
        for part in _parts(state):
            yield from _problems(part, where)


def _leads_to(state: Mapping[str, Any]) -> Iterator[object]:
    yield from (state[one] for one in LEADING if one in state)
    for members in ("Catch", "Choices"):
        found = state.get(members)
        for one in found if isinstance(found, list) else ():
            if isinstance(one, dict) and "Next" in one:
                yield one["Next"]


def _parts(state: Mapping[str, Any]) -> Iterator[object]:
    """The state machines within a state: the branches of a Parallel, what a Map does with each item."""
    branches = state.get("Branches")
    yield from branches if isinstance(branches, list) else ()
    yield from (state[one] for one in ("ItemProcessor", "Iterator") if one in state)


def _texts(value: Any) -> Iterator[str]:  # noqa: ANN401 - JSON
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from _texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one)


def _replaced(value: Any, replace: Callable[[str], str]) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, str):
        return replace(value)
    if isinstance(value, dict):
        return {name: _replaced(one, replace) for name, one in value.items()}
    return [_replaced(one, replace) for one in value] if isinstance(value, list) else value


def _shown(name: object) -> str:
    return f"'{printable(str(name))[:_SHOWN]}'"
