"""CloudFormation's YAML: version 1.1 without timestamps, merge keys and aliases, and with tags of its own.

A template goes to CloudFormation as it is. Selfright must not understand it otherwise, so words are what they are in
YAML 1.1 (`yes` is true); a number that is written in a way of which people know only one of two meanings is refused.
"""

import json
import re
from typing import Any

import yaml

from controller.domain.reading.strict_yaml import UnreadableError, YamlReader, is_plain, place_at, shown_tag

MOST_DEPTH = 100
_STR = "tag:yaml.org,2002:str"
_MERGE = "<<"
_LONGEST_NUMBER = 400
_SHOWN = 60
_WORDS = {
    **{form: True for word in ("yes", "true", "on") for form in (word, word.capitalize(), word.upper())},
    **{form: False for word in ("no", "false", "off") for form in (word, word.capitalize(), word.upper())},
    **dict.fromkeys(("null", "Null", "NULL", "~", ""), None),
}
_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]*|0x[0-9a-fA-F]+)")
_FLOAT = re.compile(r"[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+)(?:[eE][-+][0-9]+)?")
_UNSURE = re.compile(
    r"[-+]?(?:0[0-7]+|0b[01]+|[1-9][0-9]*(?::[0-5]?[0-9])+(?:\.[0-9]*)?|\.inf|\.Inf|\.INF)|\.nan|\.NaN|\.NAN"
)
"""Octal, binary, sexagesimal, not finite; YAML 1.1 allows underscores in all of them."""
_LONG = re.compile(r"[-+]?(?:[0-9][0-9_:.]*|0x[0-9a-fA-F_]+)")
"""What is longer than any number; no pattern that tries several ways must see it."""


class TemplateReader(YamlReader):
    """Reads a template in YAML: `!Ref X` is {"Ref": "X"}, `!GetAtt A.B` is {"Fn::GetAtt": ["A", "B"]}."""

    most_depth = MOST_DEPTH

    def scalar(self, event: yaml.ScalarEvent) -> Any:  # noqa: ANN401 - any scalar
        """The value of a scalar, by YAML 1.1."""
        word = event.value
        if not is_plain(event):
            return word
        if word in _WORDS:
            return _WORDS[word]
        if len(word) <= _LONGEST_NUMBER and _INTEGER.fullmatch(word):
            return int(word, 16 if "x" in word else 10)
        if len(word) <= _LONGEST_NUMBER and _FLOAT.fullmatch(word):
            return float(word)
        if _is_unsure(word):
            shown = word[:_SHOWN]
            raise UnreadableError(
                f"{place_at(event)}: '{shown}' may be a number that is written otherwise than it is meant"
                f" (CloudFormation reads YAML 1.1): write '{shown}' in quotes, or the number in decimals"
            )
        return word

    def key(self, event: yaml.Event) -> str:
        """A mapping's key, as CloudFormation's JSON has it: `yes` is "true"."""
        super().key(event)
        assert isinstance(event, yaml.ScalarEvent)  # noqa: S101 - else it was refused
        if is_plain(event) and event.value == _MERGE:
            raise UnreadableError(f"{place_at(event)}: merge keys (<<) are not supported")
        value = self.scalar(event)
        return value if isinstance(value, str) else json.dumps(value)

    def tagged(self, event: yaml.NodeEvent, value: Any) -> Any:  # noqa: ANN401 - any YAML
        """The long form of a short form."""
        tag = getattr(event, "tag", None)
        if not tag:
            return value
        word = event.value if isinstance(event, yaml.ScalarEvent) else None
        if tag == _STR and word is not None:
            return word
        if not tag.startswith("!") or tag == "!":
            raise UnreadableError(f"{place_at(event)}: the tag {shown_tag(tag)} is not one of CloudFormation's")
        suffix = tag.removeprefix("!")
        name = suffix if suffix in {"Ref", "Condition"} else f"Fn::{suffix}"
        if word is None:
            return {name: value}
        return {name: word.split(".", 1) if suffix == "GetAtt" else word}


def _is_unsure(word: str) -> bool:
    """Whether YAML 1.1 makes another number of a word than people read."""
    if len(word) > _LONGEST_NUMBER:
        return bool(_LONG.fullmatch(word))
    bare = word.replace("_", "")
    return bool(_UNSURE.fullmatch(bare) or (bare != word and _is_number(bare) and word[:1] != "_"))


def _is_number(word: str) -> bool:
    return bool(_INTEGER.fullmatch(word) or _FLOAT.fullmatch(word))
