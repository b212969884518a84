"""The form of names and addresses that users write."""

import re
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,30}$")]
"""The name of an application, an environment or a component."""
Url = Annotated[str, Field(pattern=r"^https?://[^\s]+$")]


@dataclass(frozen=True)
class Matching:
    """Annotates a text that must match a pattern."""

    pattern: str
    rule: str

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Pydantic's schema: the text's own, then the pattern."""
        return core_schema.no_info_after_validator_function(self._check, handler(source))

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, object]:
        """The JSON Schema, in which editors see the pattern."""
        return {**handler(core), "pattern": f"^(?:{self.pattern})$", "description": f"Must be {self.rule}."}

    def _check(self, value: str) -> str:
        if not re.fullmatch(self.pattern, value):
            raise ValueError(f"must be {self.rule}")
        return value


def matching(pattern: str, rule: str) -> Matching:
    """A validator for `pattern` whose message states the rule in words: `must be <rule>`."""
    return Matching(pattern, rule)
