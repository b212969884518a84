"""The restore points of stacks: template, parameters and capabilities as they were, in the controller's bucket.

They are stored under the id of the revision that they are, so storing one twice is storing it once. A parameter that is
secret is not in there: CloudFormation does not tell it, and is asked to use the one that it has.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from controller.aws.client.calls import calling
from controller.aws.client.clients import Clients
from controller.aws.components.stack.cloudformation import HIDDEN, Present

PREFIX = "restore-points/stacks/"
BODY_BYTES = 51_200
"""A template up to this size goes with the request; a larger one is read from S3 by CloudFormation."""


@dataclass(frozen=True)
class Former:
    """What a stack is put back to."""

    template: str
    parameters: Mapping[str, str]
    capabilities: Sequence[str] = ()


class StackStore:
    """Templates and restore points of stacks."""

    def __init__(self, clients: Clients, bucket: str) -> None:
        """`bucket` is the controller's."""
        self._clients, self._bucket = clients, bucket

    def save(self, present: Present) -> None:
        """Keep what the stack is now."""
        document = {
            "template": present.template,
            "parameters": dict(present.parameters),
            "capabilities": list(present.capabilities),
        }
        self._put(f"{PREFIX}{present.revision}.json", json.dumps(document).encode())

    def load(self, revision: str) -> Former:
        """What was kept; raises `NotFoundError`."""
        key = f"{PREFIX}{revision}.json"
        with calling("s3:GetObject", key):
            body = self._clients.objects.get_object(Bucket=self._bucket, Key=key)["Body"].read()
        return Former(**json.loads(body))

    def request(self, former: Former) -> Mapping[str, Any]:
        """Template, parameters and capabilities as CreateChangeSet wants them."""
        values = [
            {"ParameterKey": name, "UsePreviousValue": True}
            if value == HIDDEN
            else {"ParameterKey": name, "ParameterValue": value}
            for name, value in former.parameters.items()
        ]
        return {**self._source(former.template), "Parameters": values, "Capabilities": list(former.capabilities)}

    def _source(self, text: str) -> Mapping[str, str]:
        body = text.encode()
        if len(body) <= BODY_BYTES:
            return {"TemplateBody": text}
        key = f"{PREFIX}{hashlib.sha256(body).hexdigest()}.template"
        self._put(key, body)
        return {"TemplateURL": f"{self._clients.objects.meta.endpoint_url}/{self._bucket}/{key}"}

    def _put(self, key: str, body: bytes) -> None:
        with calling("s3:PutObject", key):
            self._clients.objects.put_object(Bucket=self._bucket, Key=key, Body=body)
