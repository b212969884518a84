"""`selfright prove` on the local AWS: in each weather it finds the figures that the weather was given."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from selfright.account.account import Account
from selfright.local import emulator
from selfright.local.edge.targets import Targets, save
from selfright.local.local_weather import LocalWeather
from selfright.local.place import LocalFolder
from selfright.local_state import LocalAws
from selfright.proving.catalogue import FACTS
from selfright.proving.results import FactReport, Measured
from selfright.proving.run import Prover
from selfright.proving.sandbox.creating import create, template
from selfright.proving.scene import RunClock, Scene, ServiceClients
from selfright.weather import CLIMATES, Climate, figures
from tests.e2e.waiting import until

FACTORS: Mapping[Climate, float] = {"still": 1 / 30, "aws": 1 / 12, "storm": 1 / 60}
"""What AWS's times are multiplied by: a minute becomes one of CloudWatch's own periods, one to five seconds."""
SLACK = 2.5
"""Seconds that a round of questions may take on a busy machine."""
ELSEWHERE = {
    "percentile_ranks": "the emulator has no percentile ranks",
    "qualified_arns": "the emulator enforces IAM only when it is asked to",
    "permission_effective": "the emulator enforces IAM only when it is asked to",
    "cors_preflight": "an HTTP API is not reached at a domain of its own",
    "quotas": "the emulator has no Service Quotas",
    "alarms": "the emulator evaluates an alarm only when a metric is put",
}
"""Facts of which the local AWS knows nothing, or not all."""


@contextmanager
def sandbox(folder: Path, climate: Climate) -> Iterator[Scene]:
    """The sandbox on a local AWS of its own, in this weather; its hosts are reached by the edge."""
    with emulator.session(folder / "local", LocalWeather(climate, 3, FACTORS[climate])) as running, variables(running):
        client, clock = ServiceClients(), RunClock()
        outputs = create(client("cloudformation"), clock, {}, unregistered())
        targets = Targets("selfright-prove-subject", "counted", outputs["TriedDomain"], api_paths=("/counted",))
        save(LocalFolder(folder / "local").targets, targets)
        urls = dict.fromkeys(("ApiDomain", "TriedDomain"), running.edge_url)
        scene = Scene(outputs, client, clock, FACTORS[climate], urls)
        until("everything is warm", lambda: scene.here("/", host="TriedDomain").status and scene.region("/").status)
        yield scene


def unregistered() -> str:
    """The sandbox's template without its environment, for a local AWS without a controller: it starts in seconds."""
    document = json.loads(template())
    kept = {name: one for name, one in document["Resources"].items() if not name.startswith("Environment")}
    return json.dumps({**document, "Resources": kept})


@contextmanager
def variables(running: LocalAws) -> Iterator[None]:
    """This process uses that local AWS."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in running.variables().items():
            patch.setenv(name, value)
        yield


def measured(scene: Scene) -> Sequence[FactReport]:
    """What every fact finds, as a run measures them."""
    prover = Prover(Account(), lambda _: None, scene.client, scene.clock)
    prover.measure(scene, FACTS)
    return prover.answers(FACTS)


def findings(answers: Sequence[FactReport]) -> list[tuple[str, Measured]]:
    """What was measured, with the name of its fact."""
    return [(one.name, finding) for one in answers for finding in one.findings if isinstance(finding, Measured)]


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("climate", CLIMATES)
def test_every_weather_is_found_as_it_was_given(climate: Climate, tmp_path: Path) -> None:
    """What is measured lies between the earliest and the latest that the weather was given; the rest says why not."""
    with sandbox(tmp_path, climate) as scene:
        answers = measured(scene)
    assert [one.findings for one in answers if not one.is_complete and one.name not in ELSEWHERE] == []
    found = [one for name, one in findings(answers) if one.seconds and one.figures and name != "alarms"]
    assert len(found) >= 6
    assert [one for one in found if not is_within(one, climate)] == []


def is_within(finding: Measured, climate: Climate) -> bool:
    """Whether no time is earlier than the weather's earliest, and the median is not later than its latest.

    A busy machine makes things later, never earlier.
    """
    given, factor = [figures()[name].lateness(climate) for name in finding.figures], FACTORS[climate]
    latest = factor * sum(one.worst for one in given)
    always = [one for one in given if one.share == 1 and one.worst]
    earliest = factor * sum(one.median**2 / one.worst for one in always)
    assert finding.middle is not None
    return finding.middle <= latest * 1.1 + SLACK and min(finding.seconds) >= 0.8 * earliest - 1
