"""Where the controller's blueprint is while there is no controller: in its old bucket, and on this machine.

The bucket stays when the stack is deleted. A parameter with a fixed name says which bucket it is, so that
`selfright prove --clean` finds it after a run that was killed.
"""

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from controller.aws.client.calls import calling
from controller.errors import ConflictError, NotFoundError
from selfright.proving.names import APPLICATION, TAGS
from selfright.proving.remaking.blueprint import Blueprint
from selfright.proving.sandbox.objects import delete_objects

PLACE = f"/{APPLICATION}-controller"
"""The parameter with the bucket's name. It is not among those that go with the sandbox."""
PREFIX = f"{APPLICATION}/controller/"
TEMPLATE, ARGUMENTS = f"{PREFIX}template.json", f"{PREFIX}arguments.json"


@dataclass(frozen=True)
class BlueprintKeeper:
    """Keeps one blueprint; `client` makes boto3's clients."""

    client: Callable[[str], Any]

    def keep(self, blueprint: Blueprint, bucket: str) -> None:
        """Note this bucket, and put it there; it is in the account then until it is forgotten.

        Raises `ConflictError` if there is a note already: another run makes the controller anew.
        """
        self._note(bucket)
        self._put(blueprint, bucket)

    def keep_on(self, blueprint: Blueprint, bucket: str) -> None:
        """Note and put again what a cleaning beside this run may have taken for left over."""
        with suppress(ConflictError):
            self._note(bucket)
        self._put(blueprint, bucket)

    def bucket(self) -> str:
        """The bucket with the blueprint; "" if none is kept: no controller is being made anew."""
        try:
            with calling("ssm:GetParameter", PLACE):
                return str(self.client("ssm").get_parameter(Name=PLACE)["Parameter"]["Value"])
        except NotFoundError:
            return ""

    def read(self, bucket: str) -> Blueprint | None:
        """The blueprint that is kept in the bucket; None if a run was ended before it was: then nothing was deleted."""
        try:
            template, arguments = (self._text(bucket, key) for key in (TEMPLATE, ARGUMENTS))
        except NotFoundError:
            return None
        return Blueprint(template, json.loads(arguments))

    def url(self, bucket: str) -> str:
        """The template's address, as CloudFormation takes it: it reads the object with the caller's rights."""
        return f"{self.client('s3').meta.endpoint_url}/{bucket}/{TEMPLATE}"

    def command(self, bucket: str) -> str:
        """The command that creates the stack by hand."""
        arguments = f'"$(aws s3 cp s3://{bucket}/{ARGUMENTS} -)"'
        return f"aws cloudformation create-stack --template-url {self.url(bucket)} --cli-input-json {arguments}"

    def forget(self, bucket: str) -> None:
        """Delete it, when the controller is there again; the note goes last. It may be forgotten already."""
        with calling("s3:DeleteObject", f"{bucket}/{PREFIX}"):
            delete_objects(self.client("s3"), bucket, PREFIX)
        with suppress(NotFoundError), calling("ssm:DeleteParameter", PLACE):
            self.client("ssm").delete_parameter(Name=PLACE)

    def _note(self, bucket: str) -> None:
        with calling("ssm:PutParameter", PLACE):
            self.client("ssm").put_parameter(Name=PLACE, Value=bucket, Type="String", Tags=TAGS)

    def _put(self, blueprint: Blueprint, bucket: str) -> None:
        for key, body in ((TEMPLATE, blueprint.template), (ARGUMENTS, json.dumps(dict(blueprint.arguments)))):
            with calling("s3:PutObject", f"{bucket}/{key}"):
                self.client("s3").put_object(Bucket=bucket, Key=key, Body=body.encode())

    def _text(self, bucket: str, key: str) -> str:
        with calling("s3:GetObject", f"{bucket}/{key}"):
            return str(self.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read().decode())


@dataclass(frozen=True)
class LocalCopy:
    """Two files on this machine: the template, and what `create-stack --cli-input-json` of AWS's command line takes."""

    folder: Path
    name: str

    @property
    def template(self) -> Path:
        """The template as CloudFormation has it."""
        return self.folder / f"{self.name}-controller.template.json"

    @property
    def arguments(self) -> Path:
        """The arguments, with the template's address in the old bucket."""
        return self.folder / f"{self.name}-controller.json"

    def write(self, blueprint: Blueprint, url: str) -> None:
        """Write both files."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.template.write_text(blueprint.template, encoding="utf-8")
        document = {**blueprint.arguments, "TemplateURL": url}
        self.arguments.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
