"""The local AWS with everything deployed: the emulator, the real CDK app on it, and the edge as the app's door."""

import json
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from controller.domain import durations
from selfright import lambda_package
from selfright.local import emulator
from selfright.local.deployer import Deployed, deploy
from selfright.local.edge.cors import Cors, cors_in
from selfright.local.edge.targets import Targets, save
from selfright.local.emulator import Ports
from selfright.local.gateway.rules import lead_events
from selfright.local.local_weather import LocalWeather
from selfright.local.place import LocalFolder, free_port, is_free
from selfright.local.synthesis import synthesize
from selfright.local_state import FOLDER, LocalAws

EDGE_PORT = 8780
"""The edge's port if it is free: a fixed address can be bookmarked, and saves a synthesis."""
APPLICATION, ENVIRONMENT = "smartpack", "prod"
FUNCTION, ALIAS = f"{APPLICATION}-{ENVIRONMENT}-api", "live"
ALARM_PERIODS = (10, 30, *range(60, 3_601, 60))
"""The periods in seconds that an alarm may have."""
Say = Callable[[str], None]


@dataclass(frozen=True)
class LocalPreference:
    """The settings of the local environment: the same ones as on AWS, with short times.

    `steps` are weights in percent and bakes. CloudWatch has Lambda's metrics by the minute; the edge publishes them
    every half second, so here evaluations and periods are short too.
    """

    steps: tuple[Mapping[str, int | str], ...] = ({"weight": 10, "bake": "8s"}, {"weight": 50, "bake": "5s"})
    final_bake: str = "5s"
    judge: Mapping[str, object] = field(
        default_factory=lambda: {
            "evaluate_every": "2s",
            "period": "1s",
            "minimum_requests": 10,
            "tolerance": 0.05,
        }
    )
    # The emulator's alarms sum a metric over all its dimensions, so here one error counts three times.
    alarm: Mapping[str, int | str] = field(default_factory=lambda: {"threshold": 6, "period": "10s"})

    def under(self, local: LocalWeather) -> "LocalPreference":
        """The same, with what must fit the weather: periods of a minute, and the time until a period counts."""
        if local.is_still:
            return self
        settle = max(local.seconds("metric_complete"), local.minute)
        judge = {**self.judge, "period": f"{local.minute}s", "settle": f"{settle}s"}
        # The emulator's alarms see the period that ends now, so that has to be long enough for what comes late.
        period = max(durations.seconds(self.alarm["period"]), settle + 2 * local.minute)
        longer = next(one for one in ALARM_PERIODS if one >= period)
        return replace(self, judge=judge, alarm={**self.alarm, "period": durations.written(longer)})

    def context(self) -> dict[str, object]:
        """The CDK context with these settings."""
        settings = asdict(self)
        # The emulator's alarms take every function's duration for the app's; its CloudFormation has no composite ones.
        alarm = {**settings.pop("alarm"), "p99_ms": 0}
        return {"strategy": list(settings.pop("steps")), "alarm": alarm, "composite_alarm": False, **settings}


def install(  # noqa: PLR0913 - all of them have defaults
    say: Say,
    *,
    folder: Path = FOLDER,
    attached: bool = False,
    preference: LocalPreference | None = None,
    weather: LocalWeather | None = None,
    port: int = EDGE_PORT,
) -> LocalAws:
    """Start the local AWS and deploy the controller and SmartPack's stack to it.

    Args:
        say: takes lines of progress.
        folder: where state and logs go.
        attached: whether it ends with the calling process.
        preference: strategy, bakes, judge and alarms; what must fit the weather is made to fit.
        weather: how late everything is; still by default.
        port: the edge's, if it is free. What may start at the same moment needs another one.

    Raises:
        LocalAwsError: it could not be started or deployed; nothing is left running.
    """
    edge = port if is_free(port) else free_port()
    local = weather or LocalWeather()
    settings = (preference or LocalPreference()).under(local)
    say("Starting the local AWS and synthesizing the CDK app …")
    with ThreadPoolExecutor(max_workers=2) as pool:
        assembly = pool.submit(_assembly, f"http://127.0.0.1:{edge}", settings)
        running = emulator.start(folder, ports=Ports(edge=edge), weather=local, attached=attached)
        try:
            say(f"Local AWS at {running.endpoint}, the app at {running.edge_url}")
            stacks = deploy(running.endpoint, assembly.result(), say)
            if not local.is_still:
                lead_events(running.endpoint)
            domain = _output(stacks, "DistributionDomain")
            # The emulator ignores the CORS of a template, so the edge answers preflights.
            save(LocalFolder(folder).targets, Targets(FUNCTION, ALIAS, domain, cors=_cors(assembly.result())))
        except BaseException:
            emulator.stop(folder)
            raise
    return running


def _assembly(edge_url: str, preference: LocalPreference) -> Path:
    context = {
        "controller_package": str(lambda_package.build(lambda_package.host())),
        "api_url": edge_url,
        "site_url": edge_url,
    }
    # The edge is on loopback, which checks may not request without this setting.
    return synthesize({**context, "allow_private_urls": True, **preference.context()})


def _cors(assembly: Path) -> Cors | None:
    found = (cors_in(json.loads(template.read_text())) for template in sorted(assembly.glob("*.template.json")))
    return next((cors for cors in found if cors), None)


def _output(stacks: list[Deployed], name: str) -> str:
    return next(stack.outputs[name] for stack in stacks if name in stack.outputs)
