"""A component's parameters: a small file of names and values, and the id of their revision.

They are settings, not secrets: all users who may deploy can read them. Messages name a parameter and never show its
value, because it may be a secret by mistake.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from controller.domain.printable import printable
from controller.domain.reading.strict_yaml import read_flat_yaml
from controller.domain.reading.written import place_of
from controller.errors import InvalidBundleError

MOST = 100
VALUE_BYTES = 4096
"""The limit of a standard parameter in SSM."""
NAME = "[A-Za-z0-9_.-]{1,100}"
_ID_LENGTH = 16
_SHOWN = 100


@dataclass(frozen=True)
class Parameters:
    """Names and values, all of them text."""

    values: Mapping[str, str]

    @property
    def revision(self) -> str:
        """The first digits of the SHA-256 of names and values: order, quotes and comments do not matter."""
        text = json.dumps(self.values, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:_ID_LENGTH]


def parse_parameters(text: bytes, file: str) -> Parameters:
    """The parameters in a file of the bundle; raises `InvalidBundleError`.

    Values stay as they were written: `DEBUG: no` is the text "no", and `SURNAME: Null` the text "Null".
    """
    content = read_flat_yaml(text, file)
    if not content:
        raise InvalidBundleError(f"{file} has no parameters", "Add some, or remove the component from release.yaml.")
    if len(content) > MOST:
        reason = f"{file} has {len(content)} parameters; at most {MOST} are allowed"
        raise InvalidBundleError(reason, "Combine parameters that belong together into one, as JSON.")
    for name, value in content.items():
        if problem := _problem(name, value):
            where = place_of(content, (name,))
            reason = f"{file}: {where}: `{printable(name)[:_SHOWN]}` {problem}"
            raise InvalidBundleError(reason, f"Correct {file}.")
    return Parameters(dict(content))


def _problem(name: str, value: object) -> str:
    """What is wrong with a parameter; "" when nothing is."""
    if not re.fullmatch(NAME, name):
        return "is not a valid parameter name: use 1 to 100 letters, digits, '_', '-' and '.'"
    if value is None or value == "":
        return "has no value, and SSM refuses empty ones: leave it out"
    if not isinstance(value, str):
        return "must be one value: write lists and mappings as JSON in quotes"
    if len(value.encode()) > VALUE_BYTES:
        return f"has more than {VALUE_BYTES:,} bytes, which is the limit of SSM"
    if "{{" in value:
        return "contains '{{', which SSM refuses: there it refers to another parameter"
    return ""
