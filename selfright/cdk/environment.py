"""The `Environment` construct: an application declares where it runs and how carefully it is changed.

It writes the SSM parameters that the controller reads, makes the deploy role with which the controller reaches exactly
the declared resources, and connects the application's alarms to `on_alarm` by SNS. It belongs in the application's own
stack, which is deployed after the controller's and changes nothing in it.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from aws_cdk import Aws, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_iam as iam
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_ssm as ssm
from constructs import Construct, IDependable

from selfright.cdk import durations
from selfright.cdk.components.component import Component, Privileges, allow, use_key
from selfright.cdk.deploy_role import DeployRole
from selfright.cdk.errors import DeclarationError
from selfright.cdk.exceptions import accept_wildcards
from selfright.cdk.judge import Judge
from selfright.cdk.names import UNDELIVERED, Group, log_group_arn, parameter_path
from selfright.cdk.parts import named_by, parts
from selfright.cdk.preference import DeploymentPreference, Hooks
from selfright.cdk.topic import let_alarms_publish, let_alarms_use_key


class Environment(Construct):
    """One environment of one application, registered with the controller.

    Its arguments are the keys of the environment's document, except `topic`, which a document does not have.
    """

    def __init__(  # noqa: PLR0913 # a construct's properties are its keyword arguments
        self,
        scope: Construct,
        construct_id: str,
        *,
        application: str,
        environment: str,
        components: Mapping[str, Component],
        deployment_preference: DeploymentPreference | None = None,
        topic: sns.ITopic | None = None,
        final_bake: str = "5m",
        judge: Judge | None = None,
        secrets: Mapping[str, secretsmanager.ISecret] | None = None,
        hook_timeout: str = "5m",
        keep_revisions: int = 5,
        discard_after: str = "1h",
        restore_point_export: Literal["required", "attempted", "off"] = "required",
        allow_private_urls: bool = False,
    ) -> None:
        """Register an environment.

        Args:
            scope: the application's stack, or a construct in it.
            construct_id: unique within `scope`.
            application: the application's name: lower-case letters, digits and `-`.
            environment: this environment's name, such as `prod`, with the same characters.
            components: the components, by their names in releases.
            deployment_preference: how traffic moves, and the alarms and hooks that guard it; the default is
                `Canary10Percent5Minutes` without alarms or hooks.
            topic: the SNS topic by which the alarms reach the controller, such as that of an `AlarmTopic`. Without
                alarms, it is not needed.
            final_bake: how long a release bakes at 100 %, such as `10m`; at most `7d`.
            judge: how the canary is judged.
            secrets: the secrets in Secrets Manager, by their names in releases.
            hook_timeout: the time in which a hook must answer, and for which one that says *not now* is asked again,
                from `10s` to `7d`.
            keep_revisions: how many revisions of each component are kept, from 2 to 50.
            discard_after: how long what was staged for a release that was rolled back is kept, at most `7d`: some
                visitors may still be led to it.
            restore_point_export: whether a release is refused if the live configuration cannot be exported
                (`required`), continues (`attempted`), or does not export at all (`off`).
            allow_private_urls: whether checks from outside may request addresses that are not public.

        Raises:
            DeclarationError: an argument is wrong; the message says what to write instead.
        """
        super().__init__(scope, construct_id)
        preference = deployment_preference or DeploymentPreference()
        if preference.alarms and topic is None:
            raise DeclarationError(
                "topic: alarms reach the controller by an SNS topic. Add one: "
                'topic=AlarmTopic(self, "Alarms", display_name="…").topic'
            )
        durations.check("final_bake", final_bake)
        durations.check("hook_timeout", hook_timeout)
        durations.check("discard_after", discard_after)
        named = {name: _secret_id(secret) for name, secret in (secrets or {}).items()}
        configuration: dict[str, Any] = {
            "application": application,
            "environment": environment,
            "components": {name: component.declaration() for name, component in components.items()},
            **({"secrets": named} if named else {}),
            "deployment_preference": preference.document(),
            "final_bake": final_bake,
            "judge": (judge or Judge()).document(),
            "hook_timeout": hook_timeout,
            "keep_revisions": keep_revisions,
            "discard_after": discard_after,
            "restore_point_export": restore_point_export,
            "allow_private_urls": allow_private_urls,
        }
        granted = [component.privileges() for component in components.values()]
        granted += [_calling(preference.hooks), _reading([*(secrets or {}).values()])]
        self.deploy_role = DeployRole(
            self,
            "DeployRole",
            application=application,
            environment=environment,
            statements=[line for one in granted for lines in one.values() for line in lines],
        ).role
        self._register(parameter_path(application, environment), configuration)
        if topic:
            self._connect(preference.alarms, topic)
        self._let_people_read(f"{application}-{environment}", [*configuration["components"].values()])

    def _register(self, path: str, document: Mapping[str, Any]) -> None:
        """Write the document into numbered parameters, one right after the other, when all that it names exists.

        Otherwise, half of a new environment could wait for minutes beside the other half of the old one.
        """
        stack = Stack.of(self)
        # Who finds the environment can work for it.
        before: list[IDependable] = [*named_by(document, stack), self.deploy_role]
        for part in parts(stack, document):
            parameter = ssm.StringParameter(
                self,
                f"Parameter{part['part']}",
                parameter_name=f"{path}/{part['part']}",
                description=f"Part {part['part']} of {part['of']} of where {path.removeprefix('/selfright/')} runs",
                string_value=stack.to_json_string(part),
            )
            parameter.node.add_dependency(*before)
            before = [parameter]

    def _let_people_read(self, key: str, declared: Sequence[Mapping[str, Any]]) -> None:
        """Create a managed policy for people who release here: reading the logs of exactly these functions."""
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

    def _connect(self, alarms: Sequence[cloudwatch.AlarmBase], topic: sns.ITopic) -> None:
        """Make every alarm publish on the topic, and the topic call `on_alarm`, which the controller's stack allows."""
        for alarm in alarms:
            alarm.add_alarm_action(actions.SnsAction(topic))
        if topic.node.try_find_child("Policy"):  # without a policy, the topic accepts the account's alarms
            let_alarms_publish(topic)
        let_alarms_use_key(topic)
        queue = f"arn:{Aws.PARTITION}:sqs:{Aws.REGION}:{Aws.ACCOUNT_ID}:{UNDELIVERED}"
        sns.Subscription(
            self,
            "OnAlarm",
            topic=topic,
            endpoint=Group.ON_ALARM.function_arn,
            protocol=sns.SubscriptionProtocol.LAMBDA,
            dead_letter_queue=sqs.Queue.from_queue_arn(self, "Undelivered", queue),
        )


def _calling(hooks: Hooks) -> Privileges:
    """Let the functions that test call the hooks."""
    functions = [hook.function_arn for hook in hooks.given.values()]
    return {Group.CHECK: [allow(["lambda:InvokeFunction"], functions)]} if functions else {}


def _reading(secrets: Sequence[secretsmanager.ISecret]) -> Privileges:
    """Let the function that checks the secrets read exactly these, and decrypt them with their own keys.

    The ARN of a secret ends with six characters that AWS chooses; they are unknown if it was imported by its name.
    """
    arns = [secret.secret_full_arn or f"{secret.secret_arn}-??????" for secret in secrets]
    keys = [secret.encryption_key.key_arn for secret in secrets if secret.encryption_key]
    statements = [allow(["secretsmanager:GetSecretValue"], arns)] if arns else []
    return {Group.STAGE: [*statements, *(use_key(key, "secretsmanager", "Decrypt") for key in keys)]}


def _secret_id(secret: secretsmanager.ISecret) -> str:
    return secret.secret_full_arn or secret.secret_name
