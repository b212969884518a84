"""Recognises secrets by a setting's name or value."""

import re

_WORDS = {"credential", "credentials", "passphrase", "passwd", "password", "secret", "secrets"}
_ENDS = ("api_key", "apikey", "private_key", "access_key", "_token")
_NAMES = ("_arn", "_id", "_name", "_path")
"""A name with such an end identifies a secret and does not hold it."""
_VALUE = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----|\b(AKIA|ASIA)[0-9A-Z]{16}\b|\bsk-[A-Za-z0-9_-]{20,}|://[^/\s:@]+:[^/\s@]+@"
)


def looks_secret(name: str, value: str) -> bool:
    """Whether a setting looks like a secret: by a word or the end of its name, or by a value of a known form."""
    words = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name).lower().replace("-", "_").replace(".", "_")
    named = not _WORDS.isdisjoint(words.split("_")) or f"_{words}".endswith(_ENDS)
    return (named and not words.endswith(_NAMES)) or bool(_VALUE.search(value))
