"""Settings in an environment: SSM parameters below a prefix."""

import re
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator

from controller.domain.components.target import Target

_PREFIX = re.compile(r"(/[A-Za-z0-9_.-]+){1,8}")
_PREFIX_LENGTH = 200
_TAKEN = {"selfright"}


def _own_prefix(prefix: str) -> str:
    if not _PREFIX.fullmatch(prefix) or len(prefix) > _PREFIX_LENGTH:
        raise ValueError("must be a path like '/shop/prod/settings', of at most 8 parts and 200 characters")
    if prefix.split("/")[1].lower() in _TAKEN or prefix.lower().startswith(("/aws", "/ssm")):
        raise ValueError("cannot be in /aws, /ssm or /selfright: these are not the application's own")
    return prefix


class ParametersTarget(Target):
    """SSM parameters below a prefix: `<prefix>/current` names the revision, `<prefix>/revisions/<id>/` holds it.

    Visitors do not reach them, and cannot be divided between two revisions of them.
    """

    conditional_writes: ClassVar[bool] = False

    kind: Literal["parameters"]
    prefix: Annotated[str, AfterValidator(_own_prefix)]
