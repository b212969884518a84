"""Whether the controller's own resources are as it needs them, and whether it hears what happens."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from controller.aws.client.calls import calling
from controller.aws.client.clients import Clients, client
from selfright.account.account import ControllerResources
from selfright.components.examined import Examination, Finding, note, ok, problem
from selfright.doctor.alarms import rules_of, subscriptions_of
from selfright.wording import plural

DEPLOY = "Deploy the controller's stack again."
RESERVE, STAYS_FREE = 5, 100
"""What the function that acts on alarms should have for itself, and what AWS lets nobody reserve."""


@dataclass(frozen=True)
class ControllerExaminer:
    """Looks at the resources that the controller's parameter names."""

    resources: ControllerResources
    clients: Clients

    def examinations(self) -> list[Examination]:
        """The ledger, the bucket, the machines, what starts them, and the notifications."""
        own = self.resources
        started = {
            "uploads": (own.deploy_machine_arn, "No upload would be released before a quarter of an hour."),
            "alarms": (own.on_alarm_function_arn, "Alarms reach it only by the environments' topics."),
            "ends and the schedule": (own.reconcile_function_arn, "A deployment that dies would stay as it is."),
        }
        return [
            Examination(f"the ledger {own.table}", self._ledger),
            Examination(f"the bucket {own.bucket}", self._bucket),
            *(Examination(f"the machine {_name(arn)}", partial(self._machine, arn)) for arn in self._machines),
            *(Examination(f"the function {_name(arn)}", partial(self._function, arn)) for arn in self._functions),
            *(
                Examination(f"the rules for {what}", partial(self._rules, arn, means))
                for what, (arn, means) in started.items()
                if arn
            ),
            *([Examination("the notifications", self._notifications)] if own.notifications_topic_arn else []),
        ]

    @property
    def _machines(self) -> list[str]:
        return [arn for arn in (self.resources.deploy_machine_arn, self.resources.rollback_machine_arn) if arn]

    @property
    def _functions(self) -> list[str]:
        own = self.resources
        return [arn for arn in (own.on_alarm_function_arn, own.reconcile_function_arn) if arn]

    def _ledger(self) -> Iterator[Finding]:
        with calling("dynamodb:DescribeTable", self.resources.table):
            status = client("dynamodb").describe_table(TableName=self.resources.table)["Table"].get("TableStatus", "")
        if status in {"ACTIVE", "UPDATING"}:
            yield ok(status)
        else:
            yield problem(f"it is {status}", "No deployment can be written down, so none begins.", DEPLOY)

    def _bucket(self) -> Iterator[Finding]:
        bucket, s3 = self.resources.bucket, self.clients.objects
        with calling("s3:GetBucketVersioning", bucket):
            versioning = s3.get_bucket_versioning(Bucket=bucket).get("Status")
        if versioning == "Enabled":
            yield ok("it keeps the versions of its objects")
        else:
            means = "An upload is pinned by its version; without one, it could be replaced while it is released."
            yield problem("it does not keep the versions of its objects", means, DEPLOY)
        with calling("s3:GetBucketNotification", bucket):
            events = s3.get_bucket_notification_configuration(Bucket=bucket)
        if "EventBridgeConfiguration" in events:
            yield ok("it sends events to EventBridge")
        else:
            means = "The reconciler finds uploads instead, a quarter of an hour later."
            yield note("it sends no events to EventBridge", means, DEPLOY)

    def _machine(self, arn: str) -> Iterator[Finding]:
        with calling("states:DescribeStateMachine", arn):
            status = client("stepfunctions").describe_state_machine(stateMachineArn=arn)["status"]
        if status == "ACTIVE":
            yield ok(status)
        else:
            yield problem(f"it is {status}", "No deployment can begin or be rolled back.", DEPLOY)

    def _function(self, arn: str) -> Iterator[Finding]:
        with calling("lambda:GetFunctionConfiguration", _name(arn)):
            state = self.clients.functions.get_function_configuration(FunctionName=arn).get("State", "Active")
        with calling("lambda:GetFunctionConcurrency", _name(arn)):
            reserved = self.clients.functions.get_function_concurrency(FunctionName=arn)
        if reserved.get("ReservedConcurrentExecutions") == 0:
            means = "AWS refuses every call of it: nothing would be rolled back by an alarm or after a crash."
            yield problem("its reserved concurrency is 0", means, DEPLOY)
        elif state == "Failed":
            yield problem("its state is Failed", "AWS refuses every call of it.", DEPLOY)
        elif arn == self.resources.on_alarm_function_arn and not reserved.get("ReservedConcurrentExecutions"):
            yield self._unreserved()
        else:
            yield ok(state)

    def _unreserved(self) -> Finding:
        """The function that acts on alarms shares the account's concurrency with all others."""
        with calling("lambda:GetAccountSettings", "this account"):
            limits = self.clients.functions.get_account_settings()["AccountLimit"]
        means = "Many costly uploads at once, or an application's own load, could keep it from acting on an alarm."
        deploy = f"deploy the controller's stack with `-c alarm_reserve={RESERVE}`."
        if limits["UnreservedConcurrentExecutions"] >= RESERVE + STAYS_FREE:
            return note("it has no concurrency of its own", means, deploy.capitalize())
        found = f"the account's limit of {limits['ConcurrentExecutions']:,} leaves it no concurrency of its own"
        return note(found, means, f"Ask for 1,000 in Service Quotas (Lambda, Concurrent executions), then {deploy}")

    def _rules(self, target: str, means: str) -> Iterator[Finding]:
        names = rules_of(target)
        if not names:
            yield problem("there is none", means, DEPLOY)
        for name in names:
            with calling("events:DescribeRule", name):
                state = client("events").describe_rule(Name=name).get("State")
            if state == "ENABLED":
                yield ok(f"{name} is enabled")
            else:
                yield problem(f"{name} is {state}", means, f"`aws events enable-rule --name {name}`")

    def _notifications(self) -> Iterator[Finding]:
        topic = self.resources.notifications_topic_arn
        heard = [one for one in subscriptions_of(topic) if one["SubscriptionArn"].startswith("arn:")]
        if heard:  # One that nobody has confirmed yet has the word PendingConfirmation instead.
            yield ok(plural(len(heard), "confirmed subscription"))
        else:
            means = "Nobody learns how a release ended, or that an environment needs a person."
            step = f"Subscribe to {topic}, or deploy the controller's stack with `-c notify=you@example.org`."
            yield note("nobody is subscribed", means, step)


def _name(arn: str) -> str:
    return arn.rpartition(":")[2]
