"""Reads YAML from untrusted sources: small, flat, without tricks, and with every word as it was written.

libyaml divides the text into events; what they mean is decided here, by YAML 1.2 and in one place.
"""

import re
from collections.abc import Iterator
from typing import Any, cast

import yaml

from controller.domain.printable import printable
from controller.domain.reading.written import PlacedItems, PlacedKeys, Plain, Position, plain
from controller.errors import InvalidBundleError

MAX_BYTES = 64 * 1024
_BOM = "\ufeff"
_NULLS = {"", "null", "~"}
_SHOWN = 60
_FOREIGN = re.compile("[^\t\n\r\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
"""Characters that are not text, and those that end a line for some readers of YAML only."""
_OPEN = {
    "found unexpected end of stream": "what opens here is not closed",
    "did not find expected ',' or ']'": "what opens here is not closed",
    "did not find expected ',' or '}'": "what opens here is not closed",
    "could not find expected ':'": "a key ends with a colon and a space; a text of several lines is indented",
}
"""What is wrong where it begins; the parser finds it later."""
_INDENTED = "check the indentation, which must be the same for what belongs together"
_HINTS = {
    "did not find expected key": _INDENTED,
    "did not find expected '-' indicator": _INDENTED,
    "mapping values are not allowed in this context": f"{_INDENTED}, or put a text with a colon into quotes",
}
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


class UnreadableError(Exception):
    """A text is not what its reader reads; the message says where, and why."""


class YamlReader:
    """Makes values of YAML's events. Anchors, tags, duplicate keys, deep nesting and directives are refused."""

    most_depth = 20

    def __init__(self, text: str) -> None:
        self._events = _events(text)

    def read(self) -> Any:  # noqa: ANN401 - any YAML
        """The one document's value, None for an empty text; raises `UnreadableError`."""
        value = None
        for count, start in enumerate(self._documents()):
            if count:
                raise UnreadableError(f"{place_at(start)}: a second document begins: there must be one")
            if start.version or start.tags:
                raise UnreadableError(f"{place_at(start)}: directives (%YAML, %TAG) are not supported: leave them out")
            value = self._value(next(self._events), 1)
            next(self._events)  # the document's end
        return value

    def scalar(self, event: yaml.ScalarEvent) -> Any:  # noqa: ANN401 - any scalar
        """The value of a scalar without a tag."""
        if not is_plain(event):
            return event.value
        return None if event.value in _NULLS else plain(event.value)

    def key(self, event: yaml.Event) -> str:
        """A mapping's key: text, as it was written."""
        if not isinstance(event, yaml.ScalarEvent):
            raise UnreadableError(f"{place_at(event)}: a key must be text, not a list or a mapping")
        self.refuse_tag(event)
        return event.value

    def tagged(self, event: yaml.NodeEvent, value: Any) -> Any:  # noqa: ANN401 - any YAML
        """The value of a node that may have a tag."""
        self.refuse_tag(event)
        return value

    def refuse_tag(self, event: yaml.NodeEvent) -> None:
        """Raise `UnreadableError` when the node has a tag."""
        if tag := getattr(event, "tag", None):
            raise UnreadableError(
                f"{place_at(event)}: tags ({shown_tag(tag)}) are not supported: write the value alone"
            )

    def _documents(self) -> Iterator[yaml.DocumentStartEvent]:
        next(self._events)  # the stream's start
        while isinstance(event := next(self._events), yaml.DocumentStartEvent):
            yield event

    def _value(self, event: yaml.Event, depth: int) -> Any:  # noqa: ANN401 - any YAML
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise UnreadableError(f"{place_at(event)}: anchors and aliases (& and *) are not supported: write it out")
        if depth > self.most_depth:
            raise UnreadableError(f"{place_at(event)}: nested more than {self.most_depth} deep")
        if isinstance(event, yaml.ScalarEvent):
            return self.tagged(event, None if event.tag else self.scalar(event))
        if isinstance(event, yaml.SequenceStartEvent):
            return self.tagged(event, self._items(depth))
        return self.tagged(cast("yaml.NodeEvent", event), self._keys(depth))

    def _items(self, depth: int) -> PlacedItems:
        items, places = [], []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            places.append(place_at(event))
            items.append(self._value(event, depth + 1))
        return PlacedItems(items, places)

    def _keys(self, depth: int) -> PlacedKeys:
        pairs: dict[str, Any] = {}
        places: dict[str, Position] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
                self._value(event, depth)  # refuses it
            key = self.key(event)
            if key in pairs:
                raise UnreadableError(f"{place_at(event)}: the key '{key[:_SHOWN]}' appears twice")
            places[key] = place_at(event)
            pairs[key] = self._value(next(self._events), depth + 1)
        return PlacedKeys(pairs, places)


class _FlatReader(YamlReader):
    """Keeps every word that is not empty, `null` too."""

    def scalar(self, event: yaml.ScalarEvent) -> Any:  # noqa: ANN401 - any scalar
        return event.value if event.value or not is_plain(event) else None


class _Dumper(yaml.SafeDumper):
    """Writes what `read_yaml` reads as the same again."""

    def plain(self, word: Plain) -> yaml.ScalarNode:
        """A word without quotes."""
        tag = self.resolve(yaml.ScalarNode, str(word), (True, False))  # type: ignore[no-untyped-call] # PyYAML's
        return self.represent_scalar(tag, str(word))


_Dumper.add_representer(Plain, _Dumper.plain)
_Dumper.add_representer(PlacedKeys, yaml.SafeDumper.represent_dict)
_Dumper.add_representer(PlacedItems, yaml.SafeDumper.represent_list)
_Dumper.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"^[-+]?[0-9.][0-9.]*(?:[eE][-+]?[0-9]+)?$"), list("-+.0123456789")
)


def read_yaml(text: bytes) -> PlacedKeys:
    """The mapping in a `release.yaml`, with words as they were written; raises `InvalidBundleError`."""
    return _read(text, "release.yaml", "application: …", YamlReader)


def read_flat_yaml(text: bytes, file: str) -> PlacedKeys:
    """The mapping in a file whose values are all texts, as they were written; raises `InvalidBundleError`."""
    return _read(text, file, "NAME: value", _FlatReader)


def write_yaml(content: dict[str, Any]) -> bytes:
    """A file that `read_yaml` reads as this content."""
    text: str = yaml.dump(content, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)
    return text.encode()


def is_plain(event: yaml.ScalarEvent) -> bool:
    """Whether a scalar has no quotes and is no block."""
    return not event.style


def shown_tag(tag: str) -> str:
    """A tag as people write it."""
    return printable(tag.replace("tag:yaml.org,2002:", "!!"))[:_SHOWN]


def decoded(text: bytes) -> str:
    """Text in UTF-8, which may begin with a byte order mark; raises `UnreadableError`."""
    if text.startswith(_UTF_16) or b"\0" in text[:4]:
        raise UnreadableError("it is not UTF-8: save it with that encoding (UTF-16 is not supported)")
    try:
        return text.decode().removeprefix(_BOM)
    except UnicodeDecodeError as error:
        line = text.count(b"\n", 0, error.start) + 1
        raise UnreadableError(f"line {line}: it is not UTF-8: save it with that encoding") from error


def place_at(event: yaml.Event) -> Position:
    """Where an event's text begins."""
    mark = event.start_mark
    assert mark  # noqa: S101 - every event of a parser has one
    return Position(mark.line + 1, mark.column + 1)


def _read(text: bytes, file: str, like: str, reader: type[YamlReader]) -> PlacedKeys:
    if len(text) > MAX_BYTES:
        reason = f"{file} has {len(text):,} bytes; at most {MAX_BYTES:,} are allowed"
        raise InvalidBundleError(reason, f"Shorten {file}.")
    try:
        content = reader(decoded(text)).read()
    except UnreadableError as error:
        raise InvalidBundleError(f"{file} is not valid YAML: {printable(str(error))}", f"Correct {file}.") from error
    if not isinstance(content, PlacedKeys):
        reason = f"{file} must hold keys and values (`{like}`), not {_called(content)}"
        raise InvalidBundleError(reason, f"Correct {file}.")
    return content


def _events(text: str) -> Iterator[yaml.Event]:
    """The text's events; raises `UnreadableError`."""
    if found := _FOREIGN.search(text):
        line, column = text.count("\n", 0, found.start()) + 1, found.start() - text.rfind("\n", 0, found.start())
        raise UnreadableError(f"{Position(line, column)}: the character U+{ord(found[0]):04X} is not allowed")
    parser = yaml.CSafeLoader(text)
    try:
        while event := parser.get_event():
            yield event
    except yaml.MarkedYAMLError as error:
        raise UnreadableError(_said(error)) from error
    except yaml.YAMLError as error:
        raise UnreadableError(" ".join(str(error).split())) from error


def _said(error: yaml.MarkedYAMLError) -> str:
    """The parser's words, with the place where the mistake begins, and what it often is."""
    hint = _OPEN.get(error.problem or "")
    mark = error.context_mark if hint and error.context_mark else error.problem_mark
    where = f"{Position(mark.line + 1, mark.column + 1)}: " if mark else ""
    more = hint or _HINTS.get(error.problem or "")
    said = ", ".join(filter(None, (error.context, error.problem)))
    return f"{where}{said}{f' ({more})' if more else ''}"


def _called(content: object) -> str:
    if content is None:
        return "nothing"
    return "a list" if isinstance(content, PlacedItems) else "a single value"
