"""The `Environment` construct: by it an application says where it runs and how carefully it is changed.

It writes the SSM parameter that the controller reads, gives the controller's functions exactly the resources that were
declared, and lets the application's alarms reach `on_alarm` by SNS. It belongs into the application's own stack, which
is deployed after the controller's:

    Environment(self, "Environment", application="shop", environment="prod",
                components={"api": FunctionComponent(function=handler, url=api.api_endpoint)},
                guard=Guard(alarms=[errors], topic=alarms_topic))

IAM allows a role 10,240 characters of such policies together: about a dozen environments for one controller.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from aws_cdk import Aws, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from bootstrap_cdk.settings import Judge
from selfright.cdk.components import Component, Privileges, allow
from selfright.cdk.exceptions import accept_wildcards
from selfright.cdk.names import Group, log_group_arn, parameter_name
from selfright.cdk.topic import let_alarms_publish

OWN_CHILDREN = (
    "One function's versions, one bucket's objects, one prefix's parameters, one database's snapshots: "
    "they come and go with releases."
)
"""Why an application's policies name some resources with a `*` at the end."""


@dataclass(frozen=True)
class Guard:
    """The alarms (metric or composite) that guard every deployment; the topic by which they reach the controller."""

    alarms: Sequence[cloudwatch.AlarmBase]
    topic: sns.ITopic


@dataclass(frozen=True)
class Care:
    """How carefully releases go out; the keys are those of the environment's JSON.

    `type` is a strategy's name or a list of `{"weight": percent, "bake": seconds}`; the hooks are functions that are
    asked before and after traffic moves, and have `hook_timeout_seconds` to answer; `allow_private_urls` lets the
    checks ask addresses that are not public; `restore_point_export` says whether what is live must be exported before
    a release (`required`, `attempted`, `off`).
    """

    type: str | Sequence[Mapping[str, int]] = "Canary10Percent5Minutes"
    final_bake: int = 300
    judge: Judge = field(default_factory=Judge)
    keep_revisions: int = 5
    allow_private_urls: bool = False
    restore_point_export: str = "required"
    pre_traffic: lambda_.IFunction | None = None
    post_traffic: lambda_.IFunction | None = None
    hook_timeout_seconds: int = 300

    @property
    def hooks(self) -> dict[str, lambda_.IFunction | None]:
        """The hooks by the names that SAM gives them."""
        return {"pre_traffic": self.pre_traffic, "post_traffic": self.post_traffic}


class Environment(Construct):
    """One environment of one application, registered with the controller."""

    def __init__(  # noqa: PLR0913 # a construct's properties are its keyword arguments
        self,
        scope: Construct,
        construct_id: str,
        *,
        application: str,
        environment: str,
        components: Mapping[str, Component],
        guard: Guard,
        care: Care | None = None,
        secrets: Mapping[str, secretsmanager.ISecret] | None = None,
    ) -> None:
        """`secrets` maps the names by which releases know secrets to those of Secrets Manager."""
        super().__init__(scope, construct_id)
        care, secrets = care or Care(), secrets or {}
        configuration = {
            "application": application,
            "environment": environment,
            "components": {name: component.declaration() for name, component in components.items()},
            **({"secrets": {name: _secret_id(secret) for name, secret in secrets.items()}} if secrets else {}),
            **_care(care, guard),
        }
        self.parameter = ssm.StringParameter(
            self,
            "Parameter",
            parameter_name=parameter_name(application, environment),
            description=f"Where {application} {environment} runs and how carefully Selfright changes it",
            string_value=Stack.of(self).to_json_string(configuration),
        )
        granted = [component.privileges() for component in components.values()]
        self._grant(f"selfright-{application}-{environment}", [*granted, _asking(care), _reading(secrets)])
        self._connect(guard)
        self._let_people_read(f"{application}-{environment}", [*configuration["components"].values()])

    def _grant(self, policy: str, granted: Sequence[Privileges]) -> None:
        """One policy for each of the controller's roles, by the role's name."""
        for group in Group:
            statements = [line for privileges in granted for line in privileges.get(group, [])]
            if statements:
                self._policy(group, policy, statements)

    def _policy(self, group: Group, name: str, statements: Sequence[iam.PolicyStatement]) -> None:
        document = iam.PolicyDocument(statements=list(statements), minimize=True)
        policy = iam.CfnPolicy(
            self, f"{group.title}Policy", policy_name=name, policy_document=document, roles=[group.role_name]
        )
        accept_wildcards(policy, OWN_CHILDREN, [arn for line in statements for arn in line.resources])

    def _let_people_read(self, key: str, declared: Sequence[Mapping[str, Any]]) -> None:
        """A managed policy for whoever releases here: reading the logs of exactly these functions."""
        functions = [one for one in declared if "function_name" in one]
        groups = [one.get("log_group") or f"/aws/lambda/{one['function_name']}" for one in functions]
        if not groups:
            return
        statements = [allow(["logs:FilterLogEvents"], [log_group_arn(name) for name in groups])]
        policy = iam.ManagedPolicy(
            self,
            "Logs",
            managed_policy_name=f"SelfrightLogs-{key}-{Aws.REGION}",
            description=f"Read the logs of {key} with `selfright logs`",
            statements=statements,
        )
        accept_wildcards(policy, "The streams of one log group.", [arn for one in statements for arn in one.resources])

    def _connect(self, guard: Guard) -> None:
        """Every alarm acts on the topic, and the topic calls `on_alarm`."""
        for alarm in guard.alarms:
            alarm.add_alarm_action(actions.SnsAction(guard.topic))
        if guard.topic.node.try_find_child("Policy"):  # without one, the topic takes the account's alarms as it is
            let_alarms_publish(guard.topic)
        lambda_.CfnPermission(
            self,
            "MayCallOnAlarm",
            action="lambda:InvokeFunction",
            function_name=Group.ON_ALARM.function_name,
            principal="sns.amazonaws.com",
            source_arn=guard.topic.topic_arn,
        )
        queue = f"arn:{Aws.PARTITION}:sqs:{Aws.REGION}:{Aws.ACCOUNT_ID}:{Group.ON_ALARM.undelivered}"
        sns.Subscription(
            self,
            "OnAlarm",
            topic=guard.topic,
            endpoint=Group.ON_ALARM.function_arn,
            protocol=sns.SubscriptionProtocol.LAMBDA,
            dead_letter_queue=sqs.Queue.from_queue_arn(self, "Undelivered", queue),
        )


def _asking(care: Care) -> Privileges:
    """The hooks are called by those who test."""
    hooks = [hook.function_arn for hook in care.hooks.values() if hook]
    return {Group.CHECK: [allow(["lambda:InvokeFunction"], hooks)]} if hooks else {}


def _reading(secrets: Mapping[str, secretsmanager.ISecret]) -> Privileges:
    """Exactly these secrets are read, and decrypted by their own keys, by the function that sees that they are there.

    The ARN of a secret ends with six characters that AWS chooses; who imports one by its name does not know them.
    """
    arns = [secret.secret_full_arn or f"{secret.secret_arn}-??????" for secret in secrets.values()]
    keys = [secret.encryption_key.key_arn for secret in secrets.values() if secret.encryption_key]
    statements = [allow(["secretsmanager:GetSecretValue"], arns)] if arns else []
    if keys:
        through = {"StringEquals": {"kms:ViaService": f"secretsmanager.{Aws.REGION}.amazonaws.com"}}
        statements.append(iam.PolicyStatement(actions=["kms:Decrypt"], resources=keys, conditions=through))
    return {Group.STAGE: statements}


def _secret_id(secret: secretsmanager.ISecret) -> str:
    return secret.secret_full_arn or secret.secret_name


def _care(care: Care, guard: Guard) -> dict[str, Any]:
    kind = care.type if isinstance(care.type, str) else [dict(step) for step in care.type]
    return {
        "deployment_preference": {
            "type": kind,
            "alarms": [alarm.alarm_name for alarm in guard.alarms],
            "hooks": {name: hook.function_name if hook else None for name, hook in care.hooks.items()},
        },
        "final_bake": care.final_bake,
        "hook_timeout_seconds": care.hook_timeout_seconds,
        "judge": asdict(care.judge),
        "keep_revisions": care.keep_revisions,
        "allow_private_urls": care.allow_private_urls,
        "restore_point_export": care.restore_point_export,
    }
