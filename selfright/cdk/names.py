"""The names by which the stacks refer to each other's resources.

They are fixed, so an application's stack needs no outputs of the controller's stack: it must only be deployed after
it. And a function can refer to a state machine that itself refers to the function.
"""

import hashlib
from enum import StrEnum

from aws_cdk import Aws

CONTROLLER_STACK = "SelfrightController"
CONTROLLER_PARAMETER = "/selfright/controller"
DEPLOY_MACHINE = "selfright-deploy"
ROLLBACK_MACHINE = "selfright-rollback"
UNDELIVERED = "selfright-undelivered"
"""The queue of all events that did not reach the controller."""


class Group(StrEnum):
    """The controller's functions: handlers that need the same privileges share one."""

    INTAKE = "intake"
    STAGE = "stage"
    CHECK = "check"
    TRAFFIC = "traffic"
    WATCH = "watch"
    CLOSE = "close"
    ON_ALARM = "on_alarm"
    RECONCILE = "reconcile"

    @property
    def title(self) -> str:  # type: ignore[override] # a construct's id, not str.title
        """The name in CamelCase, for construct ids: `OnAlarm`."""
        return "".join(word.capitalize() for word in self.value.split("_"))

    @property
    def function_name(self) -> str:
        """The Lambda function's name."""
        return f"selfright-{self.value.replace('_', '-')}"

    @property
    def role_name(self) -> str:
        """The role's name, with the region, because roles are global and the controller is regional."""
        return f"{self.function_name}-{Aws.REGION}"

    @property
    def role_arn(self) -> str:
        """The role's ARN, in the account and region of the stack that uses it."""
        return f"arn:{Aws.PARTITION}:iam::{Aws.ACCOUNT_ID}:role/{self.role_name}"

    @property
    def function_arn(self) -> str:
        """The function's ARN, in the account and region of the stack that uses it."""
        return f"arn:{Aws.PARTITION}:lambda:{Aws.REGION}:{Aws.ACCOUNT_ID}:function:{self.function_name}"

    @property
    def log_group(self) -> str:
        """The name of its log group."""
        return f"/aws/lambda/{self.function_name}"


WORKING_FOR_ENVIRONMENTS = (
    Group.STAGE,
    Group.CHECK,
    Group.TRAFFIC,
    Group.CLOSE,
    Group.ON_ALARM,
    Group.RECONCILE,
)
"""The functions that do something in environments; the others only work with what is the controller's."""
DEPLOY_ROLES = "selfright-deploy-"
LONGEST_KEY, SHOWN = 32, 11
"""The characters that remain for an environment in a role's name; those of each name in one that is cut short."""


def deploy_role_name(application: str, environment: str) -> str:
    """The name of an environment's deploy role, which the controller works out by the same rule.

    Roles are global and the controller is regional, so the region is in it. Names have no `.`, so two environments
    never share a role; long ones are cut short, with a digest.
    """
    key = f"{application}.{environment}"
    if len(key) > LONGEST_KEY:
        digest = hashlib.sha256(key.encode()).hexdigest()[:8]
        key = f"{application[:SHOWN]}.{environment[:SHOWN]}.{digest}"
    return f"{DEPLOY_ROLES}{key}-{Aws.REGION}"


def deploy_roles_arn() -> str:
    """The ARN of all deploy roles of this account and region, with a `*` where they differ."""
    return f"arn:{Aws.PARTITION}:iam::{Aws.ACCOUNT_ID}:role/{DEPLOY_ROLES}*-{Aws.REGION}"


def artifacts_arn(keys: str) -> str:
    """The ARN of these keys in the controller's bucket, whose name CloudFormation makes of that of its stack.

    So it is known to applications without the random end that it has, which changes when the controller is made anew.
    """
    return f"arn:{Aws.PARTITION}:s3:::{CONTROLLER_STACK.lower()}-*/{keys}"


def log_group_arn(name: str) -> str:
    """The ARN of a log group of this account and region, as policies name it."""
    return f"arn:{Aws.PARTITION}:logs:{Aws.REGION}:{Aws.ACCOUNT_ID}:log-group:{name}:*"


def parameter_path(application: str, environment: str) -> str:
    """The path below which the numbered SSM parameters of an environment are."""
    return f"/selfright/{application}/{environment}"


def machine_arn(name: str) -> str:
    """The ARN of a state machine of this account and region."""
    return f"arn:{Aws.PARTITION}:states:{Aws.REGION}:{Aws.ACCOUNT_ID}:stateMachine:{name}"


def executions_arn(name: str) -> str:
    """The ARNs of all executions of a state machine."""
    return f"arn:{Aws.PARTITION}:states:{Aws.REGION}:{Aws.ACCOUNT_ID}:execution:{name}:*"
