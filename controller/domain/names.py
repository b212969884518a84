"""What may stand for a name or an address wherever people write one."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,30}$")]
"""Of an application, an environment, a component."""
Url = Annotated[str, Field(pattern=r"^https?://[^\s]+$")]


def matching(pattern: str, rule: str) -> AfterValidator:
    """A validator that says what is allowed in words instead of a pattern."""
    compiled = re.compile(pattern)

    def check(value: str) -> str:
        if not compiled.fullmatch(value):
            raise ValueError(f"must be {rule}")
        return value

    return AfterValidator(check)
