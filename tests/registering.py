"""Registers environments as the construct does, for tests that deploy no stack of an application."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from controller.aws.environments import SsmEnvironments


def register(ssm: Any, document: Mapping[str, Any]) -> None:  # noqa: ANN401 - a client
    """Write an environment's document, which must fit into one parameter, as a set of one part."""
    name = f"/selfright/{document['application']}/{document['environment']}/1"
    ssm.put_parameter(Name=name, Value=part_of(document), Type="String", Overwrite=True)


def registered(ssm: Any, key: str) -> dict[str, Any]:  # noqa: ANN401 - a client
    """The document of an environment (`application/environment`), however many parts it has."""
    application, _, environment = key.partition("/")
    return SsmEnvironments(ssm).document(application, environment)


def part_of(document: Mapping[str, Any], number: int = 1, size: int = 1, digest: str = "") -> str:
    """The value of one parameter."""
    digest = digest or hashlib.sha256(json.dumps(document).encode()).hexdigest()[:16]
    return json.dumps({"part": number, "of": size, "digest": digest, "document": document})
