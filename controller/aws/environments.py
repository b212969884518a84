"""The registered environments: SSM parameters that the CDK construct `Environment` writes.

`/selfright/<application>/<environment>/1` and the numbers after it hold the parts of one document.
"""

import json
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from controller import clock
from controller.aws.client.calls import calling
from controller.aws.client.clients import client
from controller.aws.environment_parts import NOT_WHOLE, joined, size_of
from controller.domain.environment import Environment
from controller.errors import InvalidEnvironmentError, TransientError, UnknownEnvironmentError
from controller.ports.components import Environments

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient

ROOT = "/selfright"
TRIES, PAUSE = 11, 3
"""How often half a set is read, and the seconds in between."""
AT_ONCE = 10
"""Parameters that one call reads, at most."""


class SsmEnvironments(Environments):
    """Implements `ports.Environments`."""

    def __init__(self, ssm: "SSMClient | None" = None, sleep: Callable[[float], None] = clock.sleep) -> None:
        """`ssm` is the client to use (default: the process's own); `sleep` waits between two reads."""
        self._ssm, self._sleep = ssm or client("ssm"), sleep
        self._whole: dict[tuple[str, str], dict[str, Any]] = {}

    def get(self, application: str, environment: str) -> Environment:
        """The configuration.

        Raises `UnknownEnvironmentError`, `InvalidEnvironmentError`, and `TransientError` while it is being changed.
        """
        root = f"{ROOT}/{application}/{environment}"
        try:
            return Environment.model_validate_json(json.dumps(self.document(application, environment)))
        except ValidationError as error:
            places = "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors()[:5])
            msg = f"The environment {application}/{environment} (SSM parameters {root}/…) is not valid: {places}"
            raise InvalidEnvironmentError(msg) from error

    def document(self, application: str, environment: str) -> dict[str, Any]:
        """The document as it was registered, joined from its parts; raises what `get` raises.

        While it is being changed, the last whole one that this process has read is as good; without one, it is read
        again for half a minute, because CloudFormation writes all parts within seconds.
        """
        key = (application, environment)
        for left in reversed(range(TRIES)):
            try:
                self._whole[key] = self._document(application, environment)
            except TransientError as error:
                if error.code != NOT_WHOLE or (key not in self._whole and not left):
                    raise
            if key in self._whole:
                break
            self._sleep(PAUSE)
        return self._whole[key]

    def _document(self, application: str, environment: str) -> dict[str, Any]:
        root = f"{ROOT}/{application}/{environment}"
        found = self._read(root, range(1, AT_ONCE + 1))  # what most environments have, by one call
        if not found:
            msg = f"No environment {application}/{environment} is registered (SSM parameter {root}/1)."
            raise UnknownEnvironmentError(msg)
        size = size_of(root, found)
        for start in range(AT_ONCE + 1, size + 1, AT_ONCE):
            found |= self._read(root, range(start, min(start + AT_ONCE, size + 1)))
        return joined(root, found)

    def _read(self, root: str, numbers: Iterable[int]) -> dict[int, str]:
        names = {f"{root}/{number}": number for number in numbers}
        with calling("ssm:GetParameters", root):
            answer = self._ssm.get_parameters(Names=list(names))
        return {names[one["Name"]]: one["Value"] for one in answer["Parameters"]}


def environment_keys(names: Iterable[str]) -> list[str]:
    """The keys (`application/environment`) of the environments to which these parameters belong, sorted."""
    split = (name.removeprefix(f"{ROOT}/").split("/") for name in names)
    return sorted(f"{one[0]}/{one[1]}" for one in split if one[2:] == ["1"])
