"""The secrets that a release needs: their logical names and the keys that they must have. Never a value."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from controller.domain.names import matching

SecretName = Annotated[
    str, matching("[a-z0-9][a-z0-9-]{0,30}", "1 to 31 lower-case letters, digits and '-', not beginning with '-'")
]
SecretKey = Annotated[str, matching("[A-Za-z0-9_.-]{1,100}", "the name of a key: letters, digits, '_', '-' and '.'")]


class SecretNeed(BaseModel):
    """A secret of the application; the environment maps it to one in Secrets Manager."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: SecretName
    """The secret's name in the environment, which says where it is in Secrets Manager: `config`."""
    keys: Annotated[tuple[SecretKey, ...], Field(max_length=100)] = ()
    """The keys that its JSON object must have, each with a value: `[DATABASE_URL]`. The values are never in a bundle.
    """
