"""Deploys a CDK cloud assembly with boto3: what `cdk deploy` does, in a second or two instead of seventeen.

Assets go to the asset bucket; then each stack, dependencies first, by a change set that is executed and waited for.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from uuid import uuid4

import boto3
from botocore.exceptions import ClientError

from selfright.local import assembly as assemblies
from selfright.local.assembly import Stack
from selfright.local.errors import DeployError
from selfright.local.place import ACCOUNT
from selfright.local.uploads import upload
from selfright.local_state import CREDENTIALS, REGION

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudformation.type_defs import StackTypeDef

BOOTSTRAP_PARAMETER = "/cdk-bootstrap/hnb659fds/version"
BOOTSTRAP_VERSION = "30"
"""Templates of the default synthesizer require this parameter to be 6 or more."""

LARGEST_BODY = 51_200
"""Bytes; CloudFormation takes larger templates only by URL."""

NO_CHANGES = ("didn't contain changes", "no updates are to be performed", "no changes")
UNUSABLE = {"ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED"}
"""A stack in such a state has to be deleted before it can be created again."""

POLL_SECONDS = 0.05
DEADLINE_SECONDS = 120.0


@dataclass(frozen=True)
class Deployed:
    """A stack after a deployment."""

    name: str
    outputs: Mapping[str, str]
    changed: bool


def deploy(
    endpoint: str,
    folder: Path,
    say: Callable[[str], None] = lambda _: None,
    deadline: float = DEADLINE_SECONDS,
) -> list[Deployed]:
    """Deploy every stack of the assembly in `folder` to the local AWS at `endpoint`.

    Args:
        endpoint: such as `http://127.0.0.1:4566`.
        folder: the cloud assembly (`cdk.out`).
        say: takes lines of progress.
        deadline: seconds for each stack.

    Raises:
        DeployError: a stack failed or took too long; the message lists the resources that failed.
    """
    session = boto3.Session(CREDENTIALS["AWS_ACCESS_KEY_ID"], CREDENTIALS["AWS_SECRET_ACCESS_KEY"], region_name=REGION)
    assembly = assemblies.read(folder, ACCOUNT, REGION)
    parameters = session.client("ssm", endpoint_url=endpoint)
    parameters.put_parameter(Name=BOOTSTRAP_PARAMETER, Value=BOOTSTRAP_VERSION, Type="String", Overwrite=True)
    uploaded = upload(session.client("s3", endpoint_url=endpoint), assembly.assets)
    say(f"{uploaded} of {len(assembly.assets)} assets uploaded")
    stacks = Stacks(session.client("cloudformation", endpoint_url=endpoint), _templates(endpoint, folder), deadline)
    return [stacks.deploy(stack, say) for stack in assembly.stacks]


def _templates(endpoint: str, folder: Path) -> Mapping[Path, str]:
    """Template file → the address of its uploaded copy."""
    assets = assemblies.read(folder, ACCOUNT, REGION).assets
    return {asset.source: f"{endpoint}/{asset.bucket}/{asset.key}" for asset in assets}


class Stacks:
    """Creates and updates stacks."""

    def __init__(self, client: "CloudFormationClient", addresses: Mapping[Path, str], deadline: float) -> None:
        self._client, self._addresses, self._seconds = client, addresses, deadline
        self._change_set = f"selfright-{uuid4().hex[:12]}"  # names of executed change sets stay in use

    def deploy(self, stack: Stack, say: Callable[[str], None]) -> Deployed:
        """Create or update one stack from its template."""
        started = time.monotonic()
        kind = self._prepare(stack)
        changed = self._change(stack, kind)
        after = self._read(stack.name)
        outputs = {one["OutputKey"]: one["OutputValue"] for one in after.get("Outputs", [])} if after else {}
        what = {"CREATE": "created", "UPDATE": "updated"}[kind] if changed else "no change"
        say(f"{stack.name}: {what} ({time.monotonic() - started:.1f} s)")
        return Deployed(stack.name, outputs, changed)

    def _prepare(self, stack: Stack) -> Literal["CREATE", "UPDATE"]:
        """Whether the stack is created or updated; deletes the rest of a failed creation first."""
        existing = self._read(stack.name)
        if existing and existing["StackStatus"] in UNUSABLE:
            self._client.delete_stack(StackName=stack.name)
            self._wait(stack.name, lambda: self._read(stack.name) is None, "be deleted")
            existing = None
        return "CREATE" if existing is None or existing["StackStatus"] == "REVIEW_IN_PROGRESS" else "UPDATE"

    def _change(self, stack: Stack, kind: Literal["CREATE", "UPDATE"]) -> bool:
        """Create and execute a change set; False if there was nothing to change."""
        known = self._events(stack.name) if kind == "UPDATE" else {}
        body = stack.template.read_text()
        template = {"TemplateBody": body} if len(body) <= LARGEST_BODY else {"TemplateURL": self._address(stack)}
        try:
            self._client.create_change_set(
                StackName=stack.name,
                ChangeSetName=self._change_set,
                ChangeSetType=kind,
                Capabilities=["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
                Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in stack.parameters.items()],
                **template,  # type: ignore[arg-type]
            )
        except ClientError as error:
            raise DeployError(f"{stack.name} was not accepted: {error}") from error
        if not self._ready(stack.name):
            return False
        self._client.execute_change_set(StackName=stack.name, ChangeSetName=self._change_set)
        self._wait(stack.name, lambda: self._settled(stack.name), "settle")
        self._check(stack.name, known)
        return True

    def _ready(self, name: str) -> bool:
        """Wait until the change set can be executed; False if it is empty."""

        def described() -> bool:
            status = self._client.describe_change_set(StackName=name, ChangeSetName=self._change_set)["Status"]
            return status in {"CREATE_COMPLETE", "FAILED"}

        self._wait(name, described, "compute its changes")
        outcome = self._client.describe_change_set(StackName=name, ChangeSetName=self._change_set)
        if outcome["Status"] == "CREATE_COMPLETE":
            return True
        reason = outcome.get("StatusReason", "")
        self._client.delete_change_set(StackName=name, ChangeSetName=self._change_set)
        if any(sign in reason.lower() for sign in NO_CHANGES):
            return False
        raise DeployError(f"{name} was not accepted: {reason}")

    def _settled(self, name: str) -> bool:
        stack = self._read(name)
        return stack is None or not stack["StackStatus"].endswith("_IN_PROGRESS")

    def _check(self, name: str, known: Mapping[str, str]) -> None:
        """Raise with the resources that failed unless the stack is fine."""
        stack = self._read(name)
        status = stack["StackStatus"] if stack else "DELETE_COMPLETE"
        if status in {"CREATE_COMPLETE", "UPDATE_COMPLETE"}:
            return
        failed = [line for event, line in self._events(name).items() if event not in known and "_FAILED" in line]
        reason = stack.get("StackStatusReason", "no reason given") if stack else "it was deleted"
        lines = "\n".join(f"  {line}" for line in failed) or f"  {reason}"
        raise DeployError(f"{name} ended as {status}:\n{lines}")

    def _events(self, name: str) -> dict[str, str]:
        """Event id → a line about it."""
        pages = self._client.get_paginator("describe_stack_events").paginate(StackName=name)
        return {
            event["EventId"]: f"{event.get('LogicalResourceId')} ({event.get('ResourceType')}) "
            f"{event.get('ResourceStatus')}: {event.get('ResourceStatusReason', '')}"
            for page in pages
            for event in page["StackEvents"]
        }

    def _read(self, name: str) -> "StackTypeDef | None":
        try:
            stack = self._client.describe_stacks(StackName=name)["Stacks"][0]
        except ClientError as error:
            if "does not exist" in str(error):
                return None
            raise
        return None if stack["StackStatus"] == "DELETE_COMPLETE" else stack

    def _address(self, stack: Stack) -> str:
        return self._addresses[stack.template]

    def _wait(self, name: str, condition: Callable[[], bool], what: str) -> None:
        end = time.monotonic() + self._seconds
        while not condition():
            if time.monotonic() > end:
                raise DeployError(f"{name} took more than {self._seconds:g} seconds to {what}.")
            time.sleep(POLL_SECONDS)
