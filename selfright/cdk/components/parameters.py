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
    """Settings in SSM. The stack creates nothing: the first release creates them.

    Args:
        prefix: the path of the parameters, such as `/shop/prod/settings`. It must belong to this
            application alone.
    """

    prefix: str

    def __post_init__(self) -> None:
        """Refuse a wrong prefix before a release would fail; /selfright has the environments themselves."""
        if not re.fullmatch(r"(/[A-Za-z0-9_.-]+){1,8}", self.prefix):
            raise DeclarationError(
                f"'{self.prefix}' is not a prefix for parameters: use a path like /shop/prod/settings"
            )
        if self.prefix.lower().startswith(("/aws", "/ssm")) or self.prefix.split("/")[1].lower() == "selfright":
            raise DeclarationError(
                f"'{self.prefix}' does not belong to the application: use a path like /shop/prod/settings"
            )

    def declaration(self) -> dict[str, Any]:
        """The entry that `ParametersTarget` reads."""
        return {"kind": "parameters", "prefix": self.prefix}

    def privileges(self) -> Privileges:
        """Functions that move traffic move the pointer; one function creates revisions, another deletes them."""
        pointer, revisions = [self._arn("current")], [self._arn("revisions/*")]
        shift = allow(["ssm:GetParameter", "ssm:GetParameterHistory", "ssm:PutParameter"], pointer)
        read_access = allow(["ssm:GetParameter"], pointer)
        delete = [
            read_access,
            allow(["ssm:GetParametersByPath"], [self._arn("revisions"), *revisions]),
            allow(["ssm:DeleteParameters"], revisions),
        ]
        return {
            Group.STAGE: [
                read_access,
                allow(["ssm:GetParameter", "ssm:GetParametersByPath", "ssm:PutParameter"], revisions),
            ],
            Group.CHECK: [allow(["ssm:GetParametersByPath"], revisions), read_access],
            Group.TRAFFIC: [shift],
            Group.ON_ALARM: [shift, allow(["ssm:GetParametersByPath"], revisions)],  # does the former revision exist?
            Group.CLOSE: delete,
            Group.RECONCILE: delete,
        }

    def readable_by(self, function: iam.IGrantable) -> None:
        """Let a function of the application read the pointer and every revision."""
        reader, revisions = function.grant_principal, self._arn("revisions/*")
        reader.add_to_principal_policy(allow(["ssm:GetParameter"], [self._arn("current")]))
        reader.add_to_principal_policy(allow(["ssm:GetParameter", "ssm:GetParametersByPath"], [revisions]))
        if isinstance(reader, Construct):
            accept_wildcards(reader, "The revisions of one prefix: releases create and delete them.", [revisions])

    def _arn(self, path: str) -> str:
        return f"arn:{Aws.PARTITION}:ssm:{Aws.REGION}:{Aws.ACCOUNT_ID}:parameter{self.prefix}/{path}"
