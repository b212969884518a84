"""Settings in SSM."""

import re
from dataclasses import dataclass
from typing import Any

from aws_cdk import Aws
from aws_cdk import aws_iam as iam
from constructs import Construct

from selfright.cdk.components.component import Privileges, allow
from selfright.cdk.errors import DeclarationError
from selfright.cdk.exceptions import accept_wildcards
from selfright.cdk.names import Group


@dataclass(frozen=True)
class ParametersComponent:
    """Settings in SSM. There is nothing to create: the first release does that.

    Args:
        prefix: the path below which the parameters are, such as `/shop/prod/settings`. It must be the application's
            own.
    """

    prefix: str

    def __post_init__(self) -> None:
        """Say what is wrong before a release finds out; below /selfright are the environments themselves."""
        if not re.fullmatch(r"(/[A-Za-z0-9_.-]+){1,8}", self.prefix):
            raise DeclarationError(f"'{self.prefix}' is no prefix for parameters: use a path like /shop/prod/settings")
        if self.prefix.lower().startswith(("/aws", "/ssm")) or self.prefix.split("/")[1].lower() == "selfright":
            raise DeclarationError(f"'{self.prefix}' is not the application's own: use a path like /shop/prod/settings")

    def declaration(self) -> dict[str, Any]:
        """As `ParametersTarget` reads it."""
        return {"kind": "parameters", "prefix": self.prefix}

    def privileges(self) -> Privileges:
        """The pointer is moved by those who move traffic, revisions are only created by one and deleted by another."""
        pointer, revisions = [self._arn("current")], [self._arn("revisions/*")]
        shift = allow(["ssm:GetParameter", "ssm:GetParameterHistory", "ssm:PutParameter"], pointer)
        read_access = allow(["ssm:GetParameter"], pointer)
        return {
            Group.STAGE: [
                read_access,
                allow(["ssm:GetParameter", "ssm:GetParametersByPath", "ssm:PutParameter"], revisions),
            ],
            Group.CHECK: [allow(["ssm:GetParametersByPath"], revisions)],
            Group.TRAFFIC: [shift],
            Group.ON_ALARM: [shift],
            Group.CLOSE: [
                read_access,
                allow(["ssm:GetParametersByPath"], [self._arn("revisions"), *revisions]),
                allow(["ssm:DeleteParameters"], revisions),
            ],
        }

    def readable_by(self, function: iam.IGrantable) -> None:
        """Let a function of the application read the pointer and every revision."""
        reader, revisions = function.grant_principal, self._arn("revisions/*")
        reader.add_to_principal_policy(allow(["ssm:GetParameter"], [self._arn("current")]))
        reader.add_to_principal_policy(allow(["ssm:GetParameter", "ssm:GetParametersByPath"], [revisions]))
        if isinstance(reader, Construct):
            accept_wildcards(reader, "The revisions of one prefix: they come and go with releases.", [revisions])

    def _arn(self, path: str) -> str:
        return f"arn:{Aws.PARTITION}:ssm:{Aws.REGION}:{Aws.ACCOUNT_ID}:parameter{self.prefix}/{path}"
