"""The names by which the stacks refer to each other's resources.

They are fixed, so an application's stack needs no outputs of the controller's stack: it must only be deployed after
it. And a function can refer to a state machine that itself refers to the function.
"""

from enum import StrEnum

from aws_cdk import Aws

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
    def function_arn(self) -> str:
        """The function's ARN, in the account and region of the stack that uses it."""
        return f"arn:{Aws.PARTITION}:lambda:{Aws.REGION}:{Aws.ACCOUNT_ID}:function:{self.function_name}"

    @property
    def log_group(self) -> str:
        """The name of its log group."""
        return f"/aws/lambda/{self.function_name}"


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
