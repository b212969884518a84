"""The restore points of stacks: the former template, parameters and capabilities, in the controller's bucket.

Their key is the revision's id, so storing one twice has one effect. They do not hold the values of secret parameters:
CloudFormation does not return these, and is asked to keep the value that it has.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from controller.aws.client.calls import calling
from controller.aws.client.clients import Clients
from controller.aws.components.stack.cloudformation import HIDDEN, Present
from controller.errors import NotFoundError

PREFIX = "restore-points/stacks/"
BODY_BYTES = 51_200
"""A template up to this size is sent with the request; CloudFormation reads a larger one from S3."""


@dataclass(frozen=True)
class StackState:
    """The template, parameters and capabilities that a stack had, or is to have."""

    template: str
    parameters: Mapping[str, str]
    capabilities: Sequence[str] = ()


class StackStore:
    """Templates and restore points of stacks."""

    def __init__(self, clients: Clients, bucket: str) -> None:
        """`bucket` is the controller's."""
        self._clients, self._bucket = clients, bucket

    def save(self, present: Present) -> None:
        """Keep the stack's present state."""
        document = {
            "template": present.template,
            "parameters": dict(present.parameters),
            "capabilities": list(present.capabilities),
        }
        self._put(f"{PREFIX}{present.revision}.json", json.dumps(document).encode())

    def load(self, revision: str) -> StackState:
        """The kept state of a revision; raises `NotFoundError`."""
        key = f"{PREFIX}{revision}.json"
        with calling("s3:GetObject", key):
            body = self._clients.artifacts.get_object(Bucket=self._bucket, Key=key)["Body"].read()
        return StackState(**json.loads(body))

    def has(self, revision: str) -> bool:
        """Whether the state of a revision was kept."""
        key = f"{PREFIX}{revision}.json"
        try:
            with calling("s3:GetObject", key):
                self._clients.artifacts.head_object(Bucket=self._bucket, Key=key)
        except NotFoundError:
            return False
        return True

    def request(self, state: StackState) -> Mapping[str, Any]:
        """Template, parameters and capabilities as CreateChangeSet wants them."""
        values = [
            {"ParameterKey": name, "UsePreviousValue": True}
            if value == HIDDEN
            else {"ParameterKey": name, "ParameterValue": value}
            for name, value in state.parameters.items()
        ]
        return {**self._source(state.template), "Parameters": values, "Capabilities": list(state.capabilities)}

    def _source(self, text: str) -> Mapping[str, str]:
        body = text.encode()
        if len(body) <= BODY_BYTES:
            return {"TemplateBody": text}
        key = f"{PREFIX}{hashlib.sha256(body).hexdigest()}.template"
        self._put(key, body)
        return {"TemplateURL": f"{self._clients.artifacts.meta.endpoint_url}/{self._bucket}/{key}"}

    def _put(self, key: str, body: bytes) -> None:
        with calling("s3:PutObject", key):
            self._clients.artifacts.put_object(Bucket=self._bucket, Key=key, Body=body)
