"""Reads YAML from untrusted sources: small, flat, without tricks, and with text left as it was written."""

from collections.abc import Callable
from typing import Any

import yaml

from controller.domain.printable import printable
from controller.errors import InvalidBundleError

MAX_BYTES = 64 * 1024
_TEXT_KEYS = ("application", "version", "description")
_SCALAR_TAGS = {f"tag:yaml.org,2002:{kind}" for kind in ("int", "float", "bool")}
_DATE_TAG = "tag:yaml.org,2002:timestamp"
_TEXT_TAG = "tag:yaml.org,2002:str"


class _TrickError(yaml.YAMLError):
    """The YAML uses a feature that a manifest does not need."""


class StrictLoader(yaml.SafeLoader):
    """PyYAML's safe loader without anchors, deep nesting, duplicate keys and dates."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - PyYAML's way
        first: [(tag, pattern) for tag, pattern in resolvers if tag != _DATE_TAG]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    depth, most_depth = 0, 20

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:  # noqa: ANN401 - PyYAML's
        """Refuse anchors, aliases and deep nesting."""
        event = self.peek_event()  # type: ignore[no-untyped-call]
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise _TrickError(f"line {_line(event)}: anchors and aliases (& and *) are not supported: write it out")
        self.depth += 1
        if self.depth > self.most_depth:
            raise _TrickError(f"line {_line(event)}: nested more than {self.most_depth} deep")
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Refuse duplicate keys."""
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode):
                if key.value in seen:
                    raise _TrickError(f"line {_line(key)}: the key '{key.value}' appears twice")
                seen.add(key.value)
        return super().construct_mapping(node, deep)


def read_yaml(text: bytes) -> dict[str, Any]:
    """The mapping in a `release.yaml`; raises `InvalidBundleError`.

    Version, description, and a component's mappings of names to values (variables) stay as they were written:
    `version: 1.10` is not the number 1.1.
    """
    return _read(text, "release.yaml", "application: …", _keep_text)


def read_flat_yaml(text: bytes, file: str) -> dict[str, Any]:
    """The mapping in a file, with all keys and values as they were written; raises `InvalidBundleError`."""
    return _read(text, file, "NAME: value", _keep_all_text)


def _read(text: bytes, file: str, like: str, keep: Callable[[yaml.Node], None]) -> dict[str, Any]:
    if len(text) > MAX_BYTES:
        reason = f"{file} has {len(text):,} bytes; at most {MAX_BYTES:,} are allowed"
        raise InvalidBundleError(reason, f"Shorten {file}.")
    try:
        content = _load(text, keep)
    except (yaml.YAMLError, ValueError, TypeError, OverflowError, RecursionError) as error:
        raise InvalidBundleError(
            f"{file} is not valid YAML: {printable(describe_error(error))}", f"Correct {file}."
        ) from error
    if not isinstance(content, dict):
        reason = f"{file} must hold keys and values (`{like}`), not {_called(content)}"
        raise InvalidBundleError(reason, f"Correct {file}.")
    return content


def _load(text: bytes, keep: Callable[[yaml.Node], None]) -> Any:  # noqa: ANN401 - any YAML
    loader = StrictLoader(text)
    try:
        root = loader.get_single_node()
        if root is None:
            return None
        keep(root)
        return loader.construct_document(root)
    finally:
        loader.dispose()


def _keep_text(root: yaml.Node) -> None:
    """Mark a manifest's texts as text, so that YAML does not make numbers, dates or booleans of them."""
    for name, node in _items(root):
        if name in _TEXT_KEYS:
            _mark(node)
        if name == "components":
            for _, component in _items(node):
                for _, values in _items(component):
                    for _, value in _items(values):
                        _mark(value)


def _keep_all_text(root: yaml.Node) -> None:
    """Mark all keys and values of a flat mapping as text."""
    for key, value in root.value if isinstance(root, yaml.MappingNode) else []:
        _mark(key)
        _mark(value)


def _mark(node: yaml.Node) -> None:
    if isinstance(node, yaml.ScalarNode) and node.tag in _SCALAR_TAGS:
        node.tag = _TEXT_TAG


def _items(node: yaml.Node) -> list[tuple[str, yaml.Node]]:
    """A mapping's keys and values; empty for other nodes."""
    pairs = node.value if isinstance(node, yaml.MappingNode) else []
    return [(key.value, value) for key, value in pairs if isinstance(key, yaml.ScalarNode)]


def _line(place: yaml.Event | yaml.Node) -> int:
    return place.start_mark.line + 1 if place.start_mark else 0


def describe_error(error: Exception) -> str:
    """What is wrong with a text that is not valid YAML, in one sentence."""
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark:
        where = f"line {error.problem_mark.line + 1}, column {error.problem_mark.column + 1}"
        return f"{where}: {', '.join(part for part in (error.context, error.problem) if part)}"
    return "nested too deep" if isinstance(error, RecursionError) else " ".join(str(error).split())


def _called(content: object) -> str:
    if content is None:
        return "nothing"
    return "a list" if isinstance(content, list) else "a single value"
