import io
from dataclasses import replace
from datetime import timedelta

import click
import pytest
from click.testing import CliRunner
from rich.console import Console

from controller.domain.deployment import Counts, Deployment
from controller.domain.judging.verdict import Verdict
from controller.domain.phases import Phase
from controller.domain.timeline import EventKind, TimelineEvent
from selfright import wording
from selfright.account.status import DeploymentRecord
from selfright.account.watching import LedgerReading
from selfright.cli.terminal import Terminal, plain
from selfright.cli.tools import CommandTools, common, pass_tools
from selfright.cli.views import deployment_page, signs
from selfright.cli.views.deployment_page import headline
from selfright.cli.views.live import picture
from selfright.cli.views.narrator import narrating
from tests.cli_world import BAKING, ID, PAUSED, RECEIVED, ROLLED_BACK, START
from tests.evaluations import worse

NOW = START + timedelta(seconds=35)


def drawn(one: Deployment | None, trouble: str = "") -> list[str]:
    """The picture's lines, without its frame."""
    lines = plain(picture(LedgerReading(NOW, one, trouble=trouble), ID, NOW, wording.Commands())).splitlines()
    return [line.strip("│╭╮╰╯─ ") for line in lines]


def test_after_its_time_the_picture_says_how_long_numbers_are_waited_for() -> None:
    """A version may be silent."""
    assert BAKING.bake
    ended = replace(BAKING.bake, ends_at=NOW - timedelta(seconds=5), waits_until=NOW + timedelta(seconds=70))
    shown = [" ".join(line.split()) for line in drawn(replace(BAKING, bake=ended))]
    assert f"numbers {'█' * 40} ≤ 1:10 step 1 of 2" in shown


def test_the_picture_of_a_bake() -> None:
    """Phase, steps, traffic, bake clock, figures, verdict: all that one wants to know at a glance."""
    assert [" ".join(line.split()) for line in drawn(BAKING)] == [
        "smartpack 1.2.0 → smartpack/prod",
        "● BAKING ● 10 % ○ 100 % 0:35",
        f"traffic {'█' * 4}{'░' * 36} 10 %",
        f"bake {'█' * 20}{'░' * 20} 0:30 step 1 of 2",
        "",
        "requests errors rate",
        "canary 40 1 2.5 %",
        "stable 360 2 0.6 %",
        "",
        "healthy: As good as stable.",
        "",
    ]


def test_the_picture_before_anything_is_known() -> None:
    """It says what is waited for."""
    assert "Uploaded. Waiting for the controller to begin …" in drawn(None)
    assert "smartpack → smartpack/prod" in drawn(RECEIVED)


def test_the_picture_of_a_trip_shows_why_and_no_clock() -> None:
    """The bake is over when the deployment has tripped."""
    shown = drawn(replace(BAKING, phase=Phase.ROLLING_BACK, weight=0, trip=ROLLED_BACK.trip))
    assert "Alarm smartpack-prod-api-errors: 5 errors." in shown
    assert not [line for line in shown if line.startswith("bake")]
    assert "✘ 10 %" in shown[1]


def test_the_picture_of_a_pause_asks_for_a_person() -> None:
    """Nothing goes on by itself."""
    assert "A person must decide: resume it, or roll it back." in drawn(PAUSED)


def test_the_picture_stays_while_the_ledger_is_silent() -> None:
    """The last that is known, and that it is old."""
    assert "The ledger does not answer; trying again …" in drawn(BAKING, trouble="No answer.")


@pytest.mark.parametrize("one", [replace(RECEIVED, phase=phase) for phase in Phase])
def test_every_phase_can_be_drawn(one: Deployment) -> None:
    """A phase without a sign would break the following of a release."""
    assert any(str(one.phase) in line for line in drawn(one))


def test_on_a_terminal_the_picture_goes_and_the_events_stay() -> None:
    """What happened can be read afterwards."""
    terminal, stream = Terminal(), io.StringIO()
    own = {"TERM": "xterm"}  # the tests' own terminal may be a dumb one, on which nothing can be drawn twice
    terminal.__dict__["err"] = Console(file=stream, force_terminal=True, width=100, highlight=False, _environ=own)
    event = TimelineEvent(START, "shifted", "10 % of the visitors get version 1.2.0.")
    with narrating(terminal, ID, lambda: NOW) as see:
        see(LedgerReading(NOW, BAKING, (event,)))
    shown = stream.getvalue()
    assert "10 % of the visitors get version 1.2.0." in shown
    assert "\x1b[2K" in shown


@pytest.mark.parametrize(
    ("kind", "message", "phase"),
    [
        ("validated", "Version 1.2.0 is valid.", Phase.RECEIVED),
        ("staged", "api: staged as 7.", Phase.STAGING),
        ("baking", "Baking at 10 % for 60 s.", Phase.BAKING),
        ("rolling_back", "Rolling back: Alarm.", Phase.ROLLING_BACK),
        ("closed", "ROLLED_BACK: Alarm.", Phase.ROLLED_BACK),
        ("closed", "Some other words", Phase.BAKING),
        ("something_new", "From a later version.", Phase.BAKING),
    ],
)
def test_an_event_is_told_with_the_phase_in_which_it_happened(kind: str, message: str, phase: Phase) -> None:
    """Even when it is read a little later."""
    assert signs.phase_of(TimelineEvent(START, kind, message), Phase.BAKING) is phase


@pytest.mark.parametrize(
    ("seconds", "written"),
    [
        (None, ""),
        (0.08, "0.08 s"),
        (4, "4 s"),
        (4.25, "4.2 s"),
        (42.4, "42 s"),
        (59.6, "1 min"),
        (185, "3 min 5 s"),
        (7800, "2 h 10 min"),
        (273600, "3 d 4 h"),
    ],
)
def test_durations_are_as_exact_as_one_wants_to_know(seconds: float | None, written: str) -> None:
    """Tenths matter within seconds, not within hours."""
    assert wording.duration(seconds) == written


@pytest.mark.parametrize(
    ("seconds", "written"),
    [(0, "just now"), (300, "5 min ago"), (7300, "2 h ago"), (200000, "2 d ago"), (31 * 86400, "2025-12-02")],
)
def test_moments_are_told_by_their_age(seconds: int, written: str) -> None:
    """Until it is so long ago that the date says more."""
    assert wording.ago(START - timedelta(seconds=seconds), START) == written


@pytest.mark.parametrize(("seconds", "written"), [(-3, "0:00"), (42, "0:42"), (725, "12:05"), (3723, "1:02:03")])
def test_the_clock_never_goes_below_zero(seconds: float, written: str) -> None:
    """An evaluation may come a moment after the end of the bake."""
    assert wording.clock(seconds) == written


@pytest.mark.parametrize(("count", "written"), [(812, "812 B"), (3_400_000, "3.2 MB"), (2_000_000_000, "1.9 GB")])
def test_sizes_are_short(count: int, written: str) -> None:
    """Three figures are enough."""
    assert wording.size(count) == written


def test_commands_in_a_text_can_be_copied() -> None:
    """With the way in that people have here, and `--local` where it was used."""
    commands = wording.Commands("./dev", local=True)
    assert commands.within("Run `selfright rollback x`, then look.") == "Run `./dev rollback x --local`, then look."


def test_commands_of_aws_reach_the_local_aws() -> None:
    """Copied without its address, they would change an account of the person who copies them."""
    commands = wording.Commands(aws=" --endpoint-url http://127.0.0.1:4566")
    said = commands.within("Put it right at once: `aws lambda update-alias --name live`.")
    assert said == "Put it right at once: `aws lambda update-alias --name live --endpoint-url http://127.0.0.1:4566`."


def test_the_address_of_the_local_aws_is_known_to_the_commands(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also when it was chosen by a variable; on AWS itself, nothing is added."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:4566")
    monkeypatch.setenv("AWS_REGION", "eu-central-1")

    @click.command
    @common
    @pass_tools
    def command(tools: CommandTools) -> None:
        click.echo(tools.terminal.commands.within("`aws s3 ls`"))

    local = "`aws s3 ls --endpoint-url http://127.0.0.1:4566 --region eu-central-1`\n"
    assert CliRunner().invoke(command, ["--local"]).output == local
    assert CliRunner().invoke(command, [], env={"SELFRIGHT_LOCAL": "1"}).output == local
    assert CliRunner().invoke(command, []).output == "`aws s3 ls`\n"


def test_where_the_canary_had_no_request_nothing_is_called_healthy() -> None:
    """Nobody looked: the release may be anything."""
    evaluation = worse()[0]
    nobody = replace(evaluation, verdict=Verdict.HEALTHY, canary=Counts())
    assert deployment_page.opinion(nobody) == "nothing to judge"
    assert deployment_page.opinion(replace(nobody, canary=Counts(20, 0))) == "healthy"
    assert deployment_page.opinion(replace(nobody, verdict=Verdict.UNHEALTHY)) == "unhealthy"


def test_what_is_live_again_is_not_claimed_of_a_first_release() -> None:
    """Nothing was live before it."""
    assert str(headline(DeploymentRecord(ROLLED_BACK))).endswith("smartpack 1.2.0 was rolled back in smartpack/prod.")


def test_the_pages_know_the_kinds_of_events_that_there_are() -> None:
    """A colour or a phase for a kind that no event has would be lost without a word; a pause is told in yellow."""
    assert {*signs.EVENTS, *signs.PHASE_OF} <= set(EventKind)
    assert signs.EVENTS[EventKind.PAUSED] == signs.CAREFUL
    assert signs.PHASE_OF[EventKind.PAUSED] is Phase.BAKING


@pytest.mark.parametrize("phase", [Phase.RECEIVED, Phase.STAGING])
def test_a_remark_is_told_in_the_phase_in_which_it_was_made(phase: Phase) -> None:
    """The bundle's own are made when it is received, those on what is live when that is recorded."""
    assert signs.phase_of(TimelineEvent(NOW, EventKind.REMARK, "api: no check looks at it."), phase) is phase
