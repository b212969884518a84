"""The function on which facts about Lambda are tried: changing it, publishing it, calling it."""

import itertools
import json
import secrets
from typing import Any

from botocore.exceptions import ClientError

from controller.aws.client.calls import error_code
from selfright.proving.scene import Scene

ALIAS = "live"
PATIENCE = 200.0
_NUMBERS = itertools.count(1)


class SubjectFunction:
    """The sandbox's function `…-subject`; nothing of it is ever released."""

    def __init__(self, scene: Scene) -> None:
        self._scene, self.name, self.arn = scene, scene.outputs["Subject"], scene.outputs["SubjectArn"]

    @property
    def calls(self) -> Any:  # noqa: ANN401 - boto3's client
        """Lambda."""
        return self._scene.client("lambda")

    def describe(self) -> str:
        """Give the function a new description, so that a version can be published; returns that description."""
        text = f"{next(_NUMBERS)} {secrets.token_hex(4)}"
        self.calls.update_function_configuration(FunctionName=self.name, Description=text)
        return text

    def until_updated(self) -> None:
        """Wait until the last update is in effect."""
        self._scene.until("the function's update", lambda: self._is_updated(self.name), PATIENCE)

    def _is_updated(self, name: str) -> bool:
        found = self.calls.get_function_configuration(FunctionName=name)
        return (found.get("LastUpdateStatus", "Successful"), found.get("State", "Active")) == ("Successful", "Active")

    def publish(self) -> str:
        """A new version that is ready; returns its number."""
        self.describe()
        self.until_updated()
        return self.publish_as_it_is()

    def publish_as_it_is(self) -> str:
        """Publish the function as it is, and wait until the version is ready; returns its number."""
        version = str(self.calls.publish_version(FunctionName=self.name)["Version"])
        self._scene.until(f"version {version}", lambda: self._is_updated(f"{self.arn}:{version}"), PATIENCE)
        return version

    def move(self, version: str, **more: Any) -> str:  # noqa: ANN401 - of UpdateAlias
        """Point the alias to a version; returns the alias's revision id."""
        answer = self.calls.update_alias(FunctionName=self.name, Name=ALIAS, FunctionVersion=version, **more)
        return str(answer.get("RevisionId", ""))

    def alias(self) -> dict[str, Any]:
        """The alias as Lambda has it."""
        return dict(self.calls.get_alias(FunctionName=self.name, Name=ALIAS))

    def delete(self, version: str) -> None:
        """Delete a version."""
        self.calls.delete_function(FunctionName=f"{self.arn}:{version}")

    def call(self, qualifier: str = ALIAS, **event: object) -> str:
        """The version that answered; raises botocore's error if none did."""
        reply = self.calls.invoke(FunctionName=f"{self.arn}:{qualifier}", Payload=json.dumps(event).encode())
        content = json.loads(reply["Payload"].read())
        return str(content["version"]) if "FunctionError" not in reply else "failed"

    def call_or_code(self, qualifier: str = ALIAS) -> str:
        """The version that answered, or the code of the error."""
        try:
            return self.call(qualifier)
        except ClientError as error:
            return error_code(error)
