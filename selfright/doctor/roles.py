"""Whether an IAM role exists."""

from collections.abc import Iterator

from controller.aws.client.calls import calling
from controller.aws.client.clients import client
from selfright.components.examined import Finding, ok


def examine_role(role: str) -> Iterator[Finding]:
    """Look for a role by its ARN; raises `NotFoundError`."""
    name = role.rpartition("/")[2]
    with calling("iam:GetRole", name):
        client("iam").get_role(RoleName=name)
    yield ok(f"{name} exists")
