"""The parts in which SSM has an environment's document, and how they are joined.

A parameter holds 4,096 bytes, so a document has several, and each names the set that it belongs to. While
CloudFormation writes a new set, and as long as a read is stale, there are parts of both: that is not an error of the
document, and it passes.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from controller.errors import InvalidEnvironmentError, TransientError

NOT_WHOLE = "EnvironmentNotWhole"
"""The code of the error for half a set."""
MOST = 999
"""Parts of one document: no environment comes near."""


class EnvironmentPart(BaseModel):
    """One parameter: its number, how many there are, a digest of the whole, and a piece of the document."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    part: Annotated[int, Field(ge=1, le=MOST)]
    of: Annotated[int, Field(ge=1, le=MOST)]
    digest: Annotated[str, Field(min_length=1, max_length=64)]
    document: dict[str, Any]


def size_of(root: str, found: Mapping[int, str]) -> int:
    """How many parts the set has, by its first one; 0 while that is missing. Raises `InvalidEnvironmentError`."""
    return _parsed(root, 1, found[1]).of if 1 in found else 0


def joined(root: str, found: Mapping[int, str]) -> dict[str, Any]:
    """The document of a whole set, from the values of the parameters below `root`, by their numbers.

    What is beyond the set is left alone: CloudFormation deletes a part that is needed no more after it has written the
    others.

    Raises:
        TransientError: it is not whole: some parts are missing, or belong to another set.
        InvalidEnvironmentError: a parameter is no part, or two parts say different things of one key.
    """
    size = size_of(root, found) or 1
    parts = {number: _parsed(root, number, found[number]) for number in range(1, size + 1) if number in found}
    first = parts.get(1)
    if lacking := [str(number) for number in range(1, size + 1) if not _fits(parts.get(number), number, first)]:
        msg = (
            f"The environment in {root} is not whole at the moment: {', '.join(lacking[:5])} of its {size} parts "
            f"{'is' if len(lacking) == 1 else 'are'} missing or of another deployment of its stack, because "
            "CloudFormation is changing it. If that lasts, deploy the stack that registers it again."
        )
        raise TransientError(msg, code=NOT_WHOLE)
    return _merged(root, (part.document for part in parts.values()))


def _parsed(root: str, number: int, value: str) -> EnvironmentPart:
    try:
        return EnvironmentPart.model_validate_json(value)
    except ValidationError as error:
        places = "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors()[:5])
        msg = (
            f"The SSM parameter {root}/{number} is not a part of an environment ({places.lstrip(': ')}). "
            "Deploy the stack that registers the environment again."
        )
        raise InvalidEnvironmentError(msg) from error


def _fits(part: EnvironmentPart | None, number: int, first: EnvironmentPart | None) -> bool:
    if part is None or first is None:
        return False
    return (part.part, part.of, part.digest) == (number, first.of, first.digest)


def _merged(root: str, pieces: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    whole: dict[str, Any] = {}
    for piece in pieces:
        _merge(root, whole, piece)
    return whole


def _merge(root: str, whole: dict[str, Any], piece: Mapping[str, Any]) -> None:
    for key, value in piece.items():
        before = whole.get(key)
        if key not in whole:
            whole[key] = json.loads(json.dumps(value))  # its own copy, because later pieces are merged into it
        elif isinstance(before, dict) and isinstance(value, dict):
            _merge(root, before, value)
        elif isinstance(before, list) and isinstance(value, list):
            before.extend(value)
        else:
            msg = f"Two parts of the environment in {root} have the key '{key}'. Deploy its stack again."
            raise InvalidEnvironmentError(msg)
