"""Recognises secrets: settings by their name or value, files by what is in them."""

import codecs
import re
from collections.abc import Iterator, Mapping, Sequence

from controller.domain.checks.secret_forms import AWS_KEY, KEY_BLOCK, LOGIN, PRIVATE, TOKENS, Token, holds_secret

_VALUE = re.compile(
    rf"{KEY_BLOCK}|\b(?:AKIA|ASIA)[0-9A-Z]{{16}}\b|\bsk-[A-Za-z0-9_-]{{20,}}|{LOGIN}[^\s\"'<>]+@"
    r"|\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]"
    r"|(?i:(?:^|;)\s{0,9}(?:password|pwd|accountkey|sharedaccesskey)\s{0,9}=\s{0,9}[^;\s])"
)
"""Of a setting: also a token whose form is common in pages, and the connection string of a database."""
_REFERENCE = re.compile(r"arn:|\{\{resolve:")
"""What says where a secret is."""
_LONGEST = 8192
"""So much of a value is looked at."""


def looks_secret(name: str, value: str) -> bool:
    """Whether a setting looks like a secret: by a word or the end of its name, or by a value of a known form."""
    return (holds_secret(name) and not _REFERENCE.match(value)) or is_secret_value(value)


def is_secret_value(value: str) -> bool:
    """Whether a text has the form of a secret, whatever its name is."""
    return bool(_VALUE.search(value[:_LONGEST])) or bool(secret_in(value.encode(errors="replace")))


def texts_in(value: object, name: str = "") -> Iterator[tuple[str, str]]:
    """The texts within objects and lists, each with the name that is nearest to it."""
    if isinstance(value, str):
        yield name, value
    elif isinstance(value, Mapping):
        for key, one in value.items():
            yield from texts_in(one, str(key))
    elif isinstance(value, Sequence):
        for one in value:
            yield from texts_in(one, name)


def _pattern(kind: str, *more: str, before: str = r"(?<![A-Za-z0-9_-])") -> re.Pattern[bytes]:
    """The forms of the tokens of a kind, and more."""
    forms = "|".join(f"(?:{one.begins}){one.exact}" for one in _tokens(kind))
    return re.compile("|".join((f"{before}(?:{forms})", *more)).encode())


def _tokens(kind: str) -> list[Token]:
    return [one for one in TOKENS if one.kind == kind and one.exact]


def _marks(kind: str, *more: bytes) -> tuple[bytes, ...]:
    return (*(mark.encode() for one in _tokens(kind) for mark in one.marks), *more)


_TOKEN = "an access token"  # noqa: S105 - what people read
_FORMS: tuple[tuple[str, tuple[bytes, ...], re.Pattern[bytes]], ...] = (
    (
        PRIVATE,
        _marks(PRIVATE, b"PRIVATE KEY", b"PuTTY-User-Key-File-"),
        # What follows tells a key from a program that only knows what keys begin with.
        _pattern(PRIVATE, rf"{KEY_BLOCK}(?:\s|\\{{1,8}}[nr])+[A-Za-z0-9+/]{{4}}", "PuTTY-User-Key-File-[0-9]"),
    ),
    (
        AWS_KEY,
        _marks(AWS_KEY, b"secret_access_key", b"SECRET_ACCESS_KEY", b"ecretAccessKey"),
        _pattern(
            AWS_KEY,
            r"(?i:secret_?access_?key)\\{0,8}[\"']?\s{0,99}[=:>]\s{0,99}\\{0,8}[\"']?[A-Za-z0-9/+]{40}(?<!EXAMPLEKEY)",
            before="(?<![A-Za-z0-9/+])",
        ),
    ),
    (_TOKEN, _marks(_TOKEN), _pattern(_TOKEN)),
    ("a list of passwords", (b":$",), re.compile(rb"^[^:\s]{1,99}:\$(?:apr1|2[abxy]|5|6|argon2id?)\$", re.MULTILINE)),
    ("a state of Terraform", (b'"terraform_version"',), re.compile(rb'"terraform_version"[^{}\[\]]*"lineage"')),
)
"""What it is, bytes of which every one has one (they are found much faster), and its form."""

_LEAST, _VARIETY = 12, 2
"""The last characters of a key, and how many different ones stand for none."""
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
"""What some programs begin a text with."""
_ROWS = (b"1234567890", b"0123456789", b"abcdefghij")


def secret_in(data: bytes) -> str:
    """What kind of secret a file's contents have, with its article; "" when none is recognised."""
    if data.startswith(_UTF_16):
        data = data.decode("utf-16", "replace").encode(errors="replace")
    for kind, marks, form in _FORMS:
        if any(mark in data for mark in marks) and any(not _is_example(found[0]) for found in form.finditer(data)):
            return kind
    return ""


def _is_example(found: bytes) -> bool:
    """Whether it is one that manuals show: `AKIAXXXXXXXXXXXXXXXX`, `ghp_1234567890abcdefghij…`."""
    shown = found.lower()
    return len(set(shown[-_LEAST:])) <= _VARIETY or any(row in shown for row in _ROWS)
