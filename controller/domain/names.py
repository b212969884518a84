"""The form of names and addresses that users write."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,30}$")]
"""The name of an application, an environment or a component."""
Url = Annotated[str, Field(pattern=r"^https?://[^\s]+$")]


def matching(pattern: str, rule: str) -> AfterValidator:
    """A validator for `pattern` whose message states the rule in words: `must be <rule>`."""
    compiled = re.compile(pattern)

    def check(value: str) -> str:
        if not compiled.fullmatch(value):
            raise ValueError(f"must be {rule}")
        return value

    return AfterValidator(check)
