"""How an environment's document is divided among SSM parameters.

A parameter of the standard tier holds 4,096 bytes, so the document is written in numbered parts below the environment's
path. The controller joins them: objects are merged, lists are joined in the order of the parts. CloudFormation writes
one parameter after the other, so every part names the set that it belongs to: its number, how many there are, and a
digest of the whole document. A component is not divided unless it is too long for one part.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import jsii
from aws_cdk import CfnResource, IStableStringProducer, Lazy, Reference, Stack, Token, Tokenization

from selfright.cdk.errors import DeclarationError

LIMIT = 4096
"""Bytes of a parameter of the standard tier."""
LONGEST_REFERENCE, LONGEST_LIST = 200, 1000
"""Characters that are kept free for what CloudFormation fills in: most names and ARNs are much shorter."""
HEADER = 100
"""Bytes of everything in a part but its piece of the document."""

_TOKEN = re.compile(r"\$\{Token\[[^\]]*\]\}")
_TOKENS = re.compile(r"#\{Token\[[^\]]*\]\}")

Document = Mapping[str, Any]
Path = tuple[str, ...]


def divide(document: Document) -> list[dict[str, Any]]:
    """Divide a document into pieces, each short enough for one parameter.

    Raises:
        DeclarationError: one value alone is too long; the message says which.
    """
    pieces: list[dict[str, Any]] = [{}]
    room = LIMIT - HEADER
    for path, value in _units(document):
        need = _length(_nested(path, value))
        if need > room and pieces[-1]:
            pieces.append({})
            room = LIMIT - HEADER
        _put(pieces[-1], path, value)
        room -= need
    return pieces


def parts(stack: Stack, document: Document) -> list[dict[str, Any]]:
    """The values of the parameters, in their order; each is to be written as JSON.

    Raises `DeclarationError` as `divide` does.
    """
    pieces = divide(document)
    digest = Lazy.string(_Digest(stack, document))
    return [
        {"part": number, "of": len(pieces), "digest": digest, "document": piece}
        for number, piece in enumerate(pieces, 1)
    ]


def named_by(document: Document, stack: Stack) -> Iterator[CfnResource]:
    """The stack's resources that the document refers to, each once."""
    seen: set[str] = set()
    for text in _texts(document):
        for token in Tokenization.reverse_string(text).tokens if Token.is_unresolved(text) else ():
            target = token.target if isinstance(token, Reference) else None
            if isinstance(target, CfnResource) and target.node.path not in seen and Stack.of(target) is stack:
                seen.add(target.node.path)
                yield target


def _texts(value: Any) -> Iterator[str]:  # noqa: ANN401 - JSON
    match value:
        case str():
            yield value
        case Mapping():
            for one in value.values():
                yield from _texts(one)
        case list() | tuple():
            for one in value:
                yield from _texts(one)


@jsii.implements(IStableStringProducer)
class _Digest:
    """A digest of the document as the template has it: references by their names, because values come later."""

    def __init__(self, stack: Stack, document: Document) -> None:
        self._stack, self._document = stack, document

    def produce(self) -> str:
        """The digest; called once, during synthesis, when all references are known."""
        text = json.dumps(self._stack.resolve(dict(self._document)), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def _units(document: Document) -> Iterator[tuple[Path, Any]]:
    """What stays in one piece: a component, or a key with its value; pieces of these if they are too long."""
    for key, value in document.items():
        if key == "components" and value:
            for name, component in value.items():
                yield from _short((key, name), component)
        else:
            yield from _short((key,), value)


def _short(path: Path, value: Any) -> Iterator[tuple[Path, Any]]:  # noqa: ANN401 - JSON
    if _length(_nested(path, value)) <= LIMIT - HEADER:
        yield path, value
    elif isinstance(value, Mapping):
        for key, one in value.items():
            yield from _short((*path, key), one)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for one in value:
            if _length(_nested(path, [one])) > LIMIT - HEADER:
                raise _too_long(path)
            yield path, [one]
    else:
        raise _too_long(path)


def _too_long(path: Path) -> DeclarationError:
    return DeclarationError(
        f"{'.'.join(path)}: one value may have {LIMIT - HEADER:,} bytes, because an SSM parameter holds no more, and"
        " this one is longer. Keep it in a file, a secret or a parameter of your own, and name that instead."
    )


def _nested(path: Path, value: Any) -> Any:  # noqa: ANN401 - JSON
    return {path[0]: _nested(path[1:], value)} if path else value


def _put(piece: dict[str, Any], path: Path, value: Any) -> None:  # noqa: ANN401 - JSON
    for key in path[:-1]:
        piece = piece.setdefault(key, {})
    if isinstance(value, list) and path[-1] in piece:
        value = [*piece[path[-1]], *value]
    piece[path[-1]] = value


def _length(value: Any) -> int:  # noqa: ANN401 - JSON
    """Bytes of a value as JSON, when CloudFormation has filled in all references."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    text = _TOKENS.sub("x" * LONGEST_LIST, _TOKEN.sub("x" * LONGEST_REFERENCE, text))
    return len(text.encode())
