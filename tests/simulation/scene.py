"""An account in which an application is live: its services, the controller's machines and functions, and events."""

import json
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from controller.aws.components.site.routing import COMMENT, RUNTIME
from controller.aws.markers import EmfMarkers
from controller.domain.bundle.archive import BundleArchive
from controller.domain.components.site.routing import RoutingTable, render
from controller.domain.deployment import Deployment, Revision, Step
from controller.domain.phases import Phase
from controller.domain.strategy import ALL
from controller.flow.receive import receive
from controller.ports.components import Fence
from controller.ports.world import World
from controller.settings import Settings
from controller.wiring import aws_world
from tests.registering import register
from tests.simulation.application import HOOK, Application
from tests.simulation.aws.cloudfront import CloudFront
from tests.simulation.aws.cloudwatch import CloudWatch
from tests.simulation.aws.dynamodb import DynamoDb, ledger_table
from tests.simulation.aws.lambdas import Lambda
from tests.simulation.aws.s3 import S3
from tests.simulation.aws.schedules import Events, Pipes, Schedules
from tests.simulation.aws.secretsmanager import SecretsManager
from tests.simulation.aws.sns import Sns
from tests.simulation.aws.ssm import Ssm
from tests.simulation.aws.sts import Sts
from tests.simulation.calls.faults import Faults
from tests.simulation.calls.gateway import Gateway
from tests.simulation.calls.history import Call, History
from tests.simulation.engine.scheduler import Scheduler
from tests.simulation.machines.functions import Functions
from tests.simulation.machines.stepfunctions import Execution, StepFunctions
from tests.simulation.plan import Plan
from tests.simulation.releases import APPLICATION, CHECKS, COMPONENTS, ENVIRONMENT, SECRET, Release
from tests.simulation.visitors import (
    ALIAS,
    FUNCTION,
    PREFIX,
    ROUTING,
    SimulatedMetrics,
    SimulatedProbe,
    Visitors,
)
from tests.simulation.weather.late_aws import DISTRIBUTION, Account, LateAws
from tests.simulation.weather.outside import Outside
from tests.state_machine.machines import DEPLOY, ROLLBACK, definition

TABLE, ARTIFACTS, SITE, TOPIC = "ledger", "artifacts", "shop-site", "arn:aws:sns:eu-central-1:123456789012:notes"
MACHINE = "arn:aws:states:eu-central-1:123456789012:stateMachine:"
ON_ALARM = "selfright-on_alarm"
ALARMS = ("shop-errors", "shop-latency")
BEFORE, FIRST = Release("0.9.0"), Release("1.0.0")
"""What was live before, and what is live at first."""
NO_EXECUTION = "arn:aws:states:eu-central-1:123456789012:execution:none:none"
TRAFFIC = frozenset({"update_alias", "publish_function", "put_parameter"})
"""Operations after which visitors may get something else."""
LATE_EVENT = (0.3, 4.0)
"""Seconds until EventBridge delivers an event."""
DEPLOY_ROLES = "arn:aws:iam::123456789012:role/selfright-deploy-*-eu-central-1"
TWICE, LOST = 0.04, 0.04
"""How often an event comes twice; how often the end of an execution is not told at all."""
KEEP_REVISIONS = 2


class Scene:
    """Everything outside the controller, and the controller's functions in it."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.scheduler = scheduler = Scheduler(plan.seed)
        self.history = History()
        self.faults = Faults(plan.faults, plan.outages)
        now = scheduler.now
        self.ledger, self.objects, self.notes = DynamoDb(now), S3(now), Sns(now)
        self.lambdas, self.routing, self.parameters = Lambda(now, self.objects), CloudFront(now), Ssm(now)
        self.alarms, self.secrets = CloudWatch(now), SecretsManager(now)
        self.functions = Functions(scheduler, self.faults, self.history, self.world)
        machines = {f"{MACHINE}{name}": json.loads(definition(name)) for name in (DEPLOY, ROLLBACK)}
        self.workflows = StepFunctions(scheduler, self.history, _named(machines), self.functions.invoke)
        self.workflows.on_bad_end = self._ended_badly
        services = {
            "dynamodb": self.ledger, "s3": self.objects, "sns": self.notes, "lambda": self.lambdas,
            "cloudfront": self.routing, "ssm": self.parameters, "cloudwatch": self.alarms,
            "secretsmanager": self.secrets, "sts": Sts(now), "scheduler": Schedules(now),
            "events": Events(now), "pipes": Pipes(now),
            "stepfunctions": self.workflows,
        }  # fmt: skip
        self.gateway = Gateway(scheduler, services, self.faults, self.history, plan.slow)
        self.gateway.on_duplicate = self.functions.again
        self.gateway.landed.append(self._landed)
        self.visitors = Visitors(self.lambdas, self.routing, self.parameters)
        answer = self.workflows.send_task_success
        self.application = Application(scheduler, self.say, self.functions.again, answer)
        self.metrics = SimulatedMetrics(visitors=self.visitors)
        self.log: list[str] = []
        self.uploads: list[dict[str, Any]] = []
        self.succeeded: dict[str, float] = {}
        """Deployment → when it succeeded (first)."""
        self.late: LateAws | None = None
        self._served: object = None
        self._coming = 0
        identical = scheduler.chance.random() < 0.5
        self.lambdas.identical_writes_keep_revision = self.routing.identical_writes_keep_revision = identical

    # The controller

    def world(self, group: str = "") -> World:
        """The ports of a new process of a function."""
        settings = Settings(
            function=group,
            table=TABLE,
            bucket=ARTIFACTS,
            rollback_machine_arn=f"{MACHINE}{ROLLBACK}",
            deploy_machine_arn=f"{MACHINE}{DEPLOY}",
            notifications_topic_arn=TOPIC,
            on_alarm_function=ON_ALARM,
            deploy_roles=DEPLOY_ROLES if group else "",  # a person has own rights
        )
        made, scheduler = aws_world(settings), self.scheduler
        if self.late:  # The metrics are read by the product's own adapter.
            made.probe = Outside(self.late.web, self._ask)
        else:
            made.probe = SimulatedProbe(self.visitors, scheduler.chance.random, self._ask)
            made.metrics = self.metrics
        made.markers = EmfMarkers(self.log.append)
        return made

    def _ask(self) -> None:
        if self.scheduler.current:
            self.scheduler.sleep(self.gateway.latency())

    # What is there at first

    def prepare(self) -> None:
        """Make the account, with the first release live as if a deployment had brought it; then the weather begins."""
        self.ledger.create_table(**ledger_table(TABLE))
        for bucket in (ARTIFACTS, SITE):
            self.objects.create_bucket(Bucket=bucket)
        for alarm in ALARMS:
            self.alarms.put_metric_alarm(AlarmName=alarm)
            self.alarms.set_alarm_state(AlarmName=alarm, StateValue="OK")
        self.secrets.create_secret(Name="shop/payments", SecretString=json.dumps({"key": SECRET}))
        self.configure(**self.plan.settings)  # from the beginning, so that no old read finds another environment
        self.lambdas.create_function(FunctionName=ON_ALARM, Code={"ZipFile": b"ours"})
        self.lambdas.create_function(FunctionName=HOOK, Code={"ZipFile": b"theirs"})
        self.lambdas.on_invoke = self._invoked
        has_weather = self.plan.weather != "still"
        self.routing.distributions[DISTRIBUTION] = {}
        before, first = (replace(one, own_assets=has_weather) for one in (BEFORE, FIRST))
        self._make_targets(before)
        if self.plan.fresh:
            self.visitors.know(before)
        else:
            self._is_live(first, self._is_live(before, None))
        self._served = self.visitors.served()
        if has_weather:
            self.late = self._late()

    def _late(self) -> LateAws:
        account = Account(
            self.scheduler, self.gateway, self.lambdas, self.routing, self.objects, self.alarms, self.visitors, SITE
        )
        return LateAws(
            account,
            self.plan.weather,
            self.plan.seed,
            on_alarm=lambda event, after: self.functions.post("on_alarm", event, "on_alarm", after),
            is_quiet=lambda: self.is_quiet,
            has_released=lambda: not self.plan.fresh or bool(self.succeeded),
        )

    def configure(self, **more: Any) -> None:  # noqa: ANN401 - JSON
        """Register the environment; `more` replaces its keys."""
        url = "https://shop.example.com"
        distribution = {} if self.plan.weather == "still" else {"distribution_id": DISTRIBUTION}
        document = {
            "application": APPLICATION,
            "environment": ENVIRONMENT,
            "components": {
                "api": {"kind": "function", "function_name": FUNCTION, "url": url},
                "site": {"kind": "site", "bucket": SITE, "routing_function": ROUTING, "url": url, **distribution},
                "settings": {"kind": "parameters", "prefix": PREFIX},
            },
            "secrets": {"payments": "shop/payments"},
            "deployment_preference": {"type": [{"weight": 10, "bake": "1m"}], "alarms": list(ALARMS)},
            "final_bake": "1m",
            "judge": {"evaluate_every": "20s", "period": "20s", "settle": "0s", "minimum_requests": 20},
            "keep_revisions": KEEP_REVISIONS,
            **more,
        }
        register(self.parameters, document)

    @property
    def key(self) -> str:
        """The environment's key."""
        return f"{APPLICATION}/{ENVIRONMENT}"

    def _is_live(self, release: Release, previous: Deployment | None) -> Deployment:
        """Let this release be live: the components by their own adapters, the ledger as a deployment leaves it."""
        self.visitors.know(release)
        world, detail = self.world(), self._put(release, "")
        environment = world.environments.get(APPLICATION, ENVIRONMENT)
        received = receive(world, ARTIFACTS, detail["object"]["key"], None, NO_EXECUTION)
        deployment: Deployment = received.deployment  # type: ignore[union-attr]
        before: Mapping[str, Revision] = previous.staged if previous else dict.fromkeys(COMPONENTS, Revision(""))
        staged: dict[str, Revision] = {}
        with world.bundles.open(deployment.upload) as file:
            bundle = BundleArchive(file)
            for name, artifact in bundle.manifest().components.items():
                component = world.components.get(environment, name)
                made = component.stage(artifact, bundle)
                assert isinstance(made, Revision)
                staged[name] = made
                if made.id != component.current().id:
                    component.shift(before[name], made, ALL, Fence(0, "forward", lambda: None))
        changes: Any = {
            "phase": Phase.SUCCEEDED,
            "version": release.version,
            "components": COMPONENTS,
            "checks": tuple(json.dumps(check) for check in CHECKS),
            "restore_point": before,
            "staged": staged,
            "previous": previous.deployment_id if previous else "",
            "steps": (Step(ALL, 60),),
            "weight": ALL,
            "reached": ALL,
        }
        world.deployments.update(deployment.deployment_id, changes, phases={Phase.RECEIVED})
        world.deployments.leave_open(deployment.deployment_id)
        world.locks.save(replace(world.locks.load(self.key), live=deployment.deployment_id))
        self.scheduler.seconds += 1
        return world.deployments.get(deployment.deployment_id)

    def _make_targets(self, release: Release) -> None:
        """The function with the release's code, behind its alias; a routing function that names no revision yet."""
        code = release.code()
        self.objects.put_object(Bucket=ARTIFACTS, Key=f"staging/{release.code_digest()}.zip", Body=code)
        configuration = {"Handler": "app.handler", "Runtime": "python3.12", "Role": "arn:aws:iam::1:role/api"}
        secret = {"Environment": {"Variables": {"TEMPLATE_SECRET": SECRET}}}
        self.lambdas.create_function(
            FunctionName=FUNCTION, Code={"ZipFile": code}, Publish=True, **configuration, **secret
        )
        self.lambdas.create_alias(FunctionName=FUNCTION, Name=ALIAS, FunctionVersion="1")
        made = self.routing.create_function(
            Name=ROUTING,
            FunctionConfig={"Comment": COMMENT, "Runtime": RUNTIME},
            FunctionCode=render(RoutingTable()),
        )
        self.routing.publish_function(Name=ROUTING, IfMatch=made["ETag"])

    def _invoked(self, name: str, _version: str, configuration: Mapping[str, Any], payload: bytes) -> dict[str, Any]:
        """What a function of the account answers: the controller's own is begun, the application's answers HTTP."""
        if name == ON_ALARM:
            self.functions.post("on_alarm", json.loads(payload), "on_alarm: rehearsal", 0.05)
            return {"StatusCode": 202}
        if name == HOOK:
            return self.application.ask(json.loads(payload))
        version = self.visitors.identities.get(("api", configuration["CodeSha256"]), "")
        if b'"idempotency_key"' in payload:
            return self.application.run_task(json.loads(payload), self.visitors.releases[version].tasks)
        status = 500 if self.visitors.is_bad(version, "staged") else 200
        return {"Payload": json.dumps({"statusCode": status, "body": '"ok"'}).encode()}

    # What happens

    def upload(self, release: Release, tag: str = "") -> dict[str, Any]:
        """Upload a release; S3's event starts the deploy machine, at least once. Returns the event's detail."""
        self.visitors.know(release)
        detail = self._put(release, tag)
        self.uploads.append(detail)
        self.say(f"uploads {release.version}{f' ({release.bad})' if release.bad else ''}")
        self.tell_upload(detail)
        if self.late:
            if again := self.late.weather.late("event_repeated"):
                self.tell_upload(detail, again)
        elif self.scheduler.chance.random() < TWICE:
            self.tell_upload(detail)
        return detail

    def tell_upload(self, detail: Mapping[str, Any], after: float = 0.0) -> None:
        """Let EventBridge deliver an upload's event; it tries until Step Functions takes it."""
        self._coming += 1
        usual = self.scheduler.chance.uniform(*LATE_EVENT)
        late = self.late.weather.late("event_delivered") if self.late else usual
        self.scheduler.after(after + late, partial(self._start_deploy, detail))

    def _put(self, release: Release, tag: str) -> dict[str, Any]:
        key, body = f"incoming/{APPLICATION}/{ENVIRONMENT}/{release.version}{tag}.zip", release.bundle()
        version = self.objects.put_object(Bucket=ARTIFACTS, Key=key, Body=body)["VersionId"]
        return {"bucket": {"name": ARTIFACTS}, "object": {"key": key, "size": len(body), "version-id": version}}

    def _start_deploy(self, detail: Mapping[str, Any]) -> None:
        if outage := self.faults.outage("stepfunctions", self.scheduler.seconds):
            wait = outage.since + outage.seconds - self.scheduler.seconds + self.scheduler.chance.uniform(1, 60)
            self.scheduler.after(wait, partial(self._start_deploy, detail))
            return
        self._coming -= 1
        self.workflows.start_execution(stateMachineArn=f"{MACHINE}{DEPLOY}", input=json.dumps(detail))

    def fire(self, alarm: str, *, late: float = 0.0, stays: float = 0.0) -> None:
        """An alarm fires, and its event comes (at least once); after `stays` seconds it is OK again."""
        self.say(f"the alarm {alarm} fires")
        self.alarms.set_alarm_state(AlarmName=alarm, StateValue="ALARM")
        state = {"value": "ALARM", "reason": "5 > 1", "timestamp": self.scheduler.now().isoformat()}
        event = {"detail": {"alarmName": alarm, "state": state}}
        chance = self.scheduler.chance
        for _ in range(2 if chance.random() < TWICE else 1):
            self.functions.post("on_alarm", event, "on_alarm", late + chance.uniform(*LATE_EVENT))

        def is_ok() -> None:
            self.alarms.set_alarm_state(AlarmName=alarm, StateValue="OK")

        self.scheduler.after(stays, is_ok)

    def reconcile(self) -> None:
        """The schedule invokes the reconciler."""
        self.functions.post("reconcile", {}, "reconcile: schedule")

    def _ended_badly(self, execution: Execution) -> None:
        chance = self.scheduler.chance
        if chance.random() < LOST:
            return
        for _ in range(2 if chance.random() < TWICE else 1):
            told = {"executionArn": execution.arn, "status": execution.status}
            event = {"source": "aws.states", "time": f"{self.scheduler.now():%Y-%m-%dT%H:%M:%SZ}", "detail": told}
            self.functions.post("reconcile", event, "reconcile: event", chance.uniform(0.3, 15))

    def say(self, text: str) -> None:
        """Note what somebody does."""
        self.history.note(self.scheduler.seconds, "---", text)

    def _landed(self, call: Call) -> None:
        if call.operation in TRAFFIC and call.result == "ok" and (served := self.visitors.served()) != self._served:
            self._served = served
            self._judge_served()
            shown = "; ".join(f"{name} {_shown(served[name])}" for name in COMPONENTS)
            self.history.note(self.scheduler.seconds, "visitors", f">>> {shown}")

    def _judge_served(self) -> None:
        """No visitor gets a release whose task is not done, or to which the hook has not agreed."""
        for one in self.deployments():
            if one.phase not in {Phase.SHIFTING, Phase.BAKING} or not one.weight:
                continue
            if one.tasks and not self.application.is_done(one.deployment_id):
                self.application.troubles.append(f"I13: {one.deployment_id} has visitors before its task is done")
            hooks = self.plan.settings.get("deployment_preference", {}).get("hooks", {})
            if hooks.get("pre_traffic") and one.changed and one.deployment_id not in self.application.allowed:
                self.application.troubles.append(f"I13: {one.deployment_id} has visitors, and no hook has agreed")

    # What is seen

    @property
    def unknown_uploads(self) -> list[str]:
        """The keys of the uploads that the ledger has no deployment of."""
        known = {(one.upload.key, one.upload.version_id) for one in self.deployments()}
        uploaded = [detail["object"] for detail in self.uploads]
        return [one["key"] for one in uploaded if (one["key"], one["version-id"]) not in known]

    @property
    def is_quiet(self) -> bool:
        """Whether nothing is on its way: no execution, no function, no event, no late write."""
        gateway, functions = self.gateway, self.functions
        return not (self._coming or self.workflows.running or functions.running or functions.waiting) and not (
            gateway.on_their_way
        )

    def executions(self) -> list[Execution]:
        """All executions, running and ended."""
        return list(self.workflows.executions.values())

    def deployments(self) -> list[Deployment]:
        """All deployments of the environment, oldest first."""
        return self.world().deployments.history(self.key, 1000)[::-1]  # type: ignore[attr-defined]


def _named(machines: Mapping[str, Any]) -> dict[str, Any]:
    """The machines by their ARNs, and by the ARN that the definitions have for the rollback machine."""
    return {**machines, "arn:aws:states:::stateMachine:rollback": machines[f"{MACHINE}{ROLLBACK}"]}


def _shown(served: Mapping[str, int]) -> str:
    return " + ".join(f"{percent} % {version}" for version, percent in served.items() if percent)
