"""The simulator itself: it repeats to the letter, replaces everything, finds what is planted, and shrinks."""

import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.simulation.__main__ import main
from tests.simulation.calls.faults import Fault, Kind, Outage
from tests.simulation.engine.seam import LOCKS, POOLS
from tests.simulation.machines.functions import TIMEOUTS
from tests.simulation.plan import Event, Plan
from tests.simulation.releases import SECRET
from tests.simulation.run import run
from tests.simulation.scenarios import SCENARIOS, plan_of
from tests.simulation.shrink import shrink
from tests.simulation.sweep import plans

ROOT = Path(__file__).parents[2]
ALARM = Plan(3, "alarm", (Event(1.0, "upload", {"version": "1.1.0"}), Event(70.0, "alarm", {"name": "shop-errors"})))


@pytest.mark.parametrize("seed", [2, 11])
def test_a_run_is_repeated_to_the_letter(seed: int) -> None:
    """Every call, its moment and its result."""
    assert run(plan_of(seed)).fingerprint == run(plan_of(seed)).fingerprint


@pytest.mark.parametrize("seed", [5, 7])
def test_a_run_is_the_same_in_another_process(seed: int) -> None:
    """Nothing depends on the order of a set, or on what ran before."""
    program = "from tests.simulation.run import run; from tests.simulation.scenarios import plan_of; "
    told = f"{program}print(run(plan_of({seed})).fingerprint)"
    here = run(plan_of(seed)).fingerprint
    for hashing in ("5", "6"):
        variables = {**os.environ, "PYTHONHASHSEED": hashing}
        other = subprocess.run([sys.executable, "-c", told], cwd=ROOT, env=variables, capture_output=True, check=True)
        assert other.stdout.decode().strip() == here


def test_a_plan_is_written_down_and_read_again() -> None:
    """A failing run prints its plan as JSON."""
    plan = replace(plan_of(7), faults=(Fault(Kind.SLOW_WRITE, 3, seconds=2.5),), outages=(Outage("s3", 1.0, 60.0),))
    assert str(Plan.of(plan.document())) == str(plan)


def test_every_thread_of_the_product_is_an_actor() -> None:
    """A module that makes threads or locks and is not replaced would run beside the scheduler."""
    found = {
        word: {
            ".".join(file.relative_to(ROOT).with_suffix("").parts)
            for file in (ROOT / "controller").rglob("*.py")
            if re.search(rf"import .*\b{word}\b", file.read_text())
        }
        for word in ("ThreadPoolExecutor", "Lock")
    }
    assert found["ThreadPoolExecutor"] == set(POOLS)
    # Making a client waits for nothing; a load run holds its lock for no call; no image or API is simulated.
    others = {
        "controller.aws.client.clients",
        "controller.aws.client.recent",
        "controller.aws.components.function.invoking.load_runs",
        "controller.aws.components.image.push",
    }
    threads = {name for name in found["Lock"] if "threading import" in _source(name)}
    assert threads - others == set(LOCKS)


def test_every_function_of_the_controller_has_its_time_limit() -> None:
    """They are read from the CDK app's sources."""
    names = {"intake", "stage", "check", "traffic", "watch", "close", "on_alarm", "reconcile"}
    assert TIMEOUTS.keys() == names
    assert min(TIMEOUTS.values()) >= 60


def test_an_alarm_restores_the_traffic_of_both_visitors_and_settings() -> None:
    """What the timeline of a run says."""
    outcome = run(ALARM)
    assert outcome.violations == []
    assert outcome.phases[-1] == "1.1.0 ROLLED_BACK"
    served = [line for line in outcome.history if ">>>" in line]
    assert any("10 % 1.1.0" in line for line in served)
    assert served[-1].endswith("api 100 % 9.0.0; settings 100 % 9.0.0; site 100 % 9.0.0")


@pytest.mark.parametrize(
    ("place", "found"),
    [
        ("controller.aws.components.function.alias.Alias.restore", "I2"),
        ("controller.aws.components.site.routing.SiteTraffic.restore", "I2"),
        ("controller.aws.ledger.guards.DynamoGuards.close", "I5"),
        ("controller.aws.notifications.SnsNotifications.send", "I4"),
        ("controller.aws.components.function.component.LambdaComponent.prune", "I5"),
    ],
)
def test_what_the_product_forgets_is_found(place: str, found: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault in the product that leaves something undone."""
    later = (Event(400.0, "upload", {"version": "1.2.0"}), Event(800.0, "upload", {"version": "1.3.0"}))
    plan = replace(ALARM, events=(*ALARM.events, *later))
    assert run(plan).violations == []
    monkeypatch.setattr(place, lambda *_: 0)
    monkeypatch.setattr("tests.simulation.run.PATIENCE", 6000.0)
    assert any(text.startswith((found, "I7")) for text in run(plan).violations)


def test_a_secret_in_a_notification_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault in the product that tells too much."""
    monkeypatch.setattr("controller.aws.notifications._subject", lambda _: SECRET)
    assert "I6: the planted secret is in a notification" in run(ALARM).violations


def test_a_failing_plan_becomes_simple(monkeypatch: pytest.MonkeyPatch) -> None:
    """What has nothing to do with the failure is left out."""
    monkeypatch.setattr("controller.aws.ledger.guards.DynamoGuards.close", lambda *_: None)
    outage, fault = Outage("sns", 500.0, 60.0), Fault(Kind.ERROR, 20)
    noisy = replace(ALARM, events=(*ALARM.events, Event(90.0, "again")), faults=(fault,), outages=(outage,), slow=0.02)
    simple = shrink(noisy, lambda plan: bool(run(plan).violations))
    assert (len(simple.parts), simple.slow) == (1, 0.0)


def test_the_command_tells_what_happened(capsys: pytest.CaptureFixture[str]) -> None:
    """`./dev simulate --seed 1 --scenario plain`."""
    assert main(["--seed", "1", "--scenario", "plain"]) == 0
    told = capsys.readouterr().out
    assert "visitors" in told
    assert "No violation." in told


def test_the_command_explores(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """`./dev simulate --hours`: some seeds, and how many there were."""
    monkeypatch.setattr("tests.simulation.__main__.BATCH", 1)
    assert main(["--seed", "1", "--scenario", "plain", "--hours", "0.0001"]) == 0
    assert "runs with" in capsys.readouterr().out


def test_every_fault_is_met_at_every_site() -> None:
    """The sweep's plans are about calls that the scenario makes."""
    chosen = list(plans("bad_bundle", 1))[::17]
    assert {plan.faults[0].kind for plan in chosen} > {Kind.SLOW_WRITE, Kind.DEATH_AFTER}
    assert all(run(plan).met == 1 for plan in chosen)


def test_all_scenarios_have_uploads() -> None:
    """A scenario without a release would test nothing."""
    assert all(any(one.what == "upload" for one in plan_of(1, name).events) for name in SCENARIOS)


def _source(module: str) -> str:
    return (ROOT / module.replace(".", "/")).with_suffix(".py").read_text()
