import json
from dataclasses import replace
from datetime import timedelta

import pytest

from controller.aws.client.clients import client
from controller.domain.judging.verdict import BLINDNESS, Verdict
from controller.domain.phases import Phase
from selfright.account.status import is_paused
from tests.cli_world import BAKING, ID, LIVE, LIVE_ID, PAUSED, ROLLED_BACK, STAGED, SUCCEEDED, CliWorld, ended


def test_all_environments_are_listed(world: CliWorld) -> None:
    """One line each: what is live, since when, what is on its way, and whether it is held."""
    world.register("shop/test")
    world.write(BAKING)
    world.lock(holder=ID)
    lines = [line.split() for line in world.run("status").stdout.splitlines()]
    assert lines[0] == ["environment", "live", "since", "on", "its", "way", "held"]
    assert lines[1] == ["shop/test", "nothing", "nothing", "no"]
    on_its_way = ["1.2.0", "●", "BAKING", "at", "10", "%"]
    assert lines[2] == ["smartpack/prod", "1.1.0", "23", "h", "ago", *on_its_way, "no"]


def test_one_environment_shows_what_is_on_its_way_in_full(world: CliWorld) -> None:
    """What the judge saw, and how to watch it."""
    world.write(BAKING)
    world.lock(holder=ID)
    shown = world.run("status", "smartpack/prod").stdout
    assert "  canary      40 requests, 1 error (2.5 %)\n" in shown
    assert "  stable      360 requests, 2 errors (0.6 %)\n" in shown
    assert f"  watch       selfright watch {ID}\n" in shown


def test_a_bake_says_until_when_it_goes_on_and_until_when_it_waits(world: CliWorld) -> None:
    """Also where nobody comes: then a version is silent."""
    assert BAKING.bake
    late = BAKING.bake.ends_at + timedelta(minutes=9)
    world.write(replace(BAKING, bake=replace(BAKING.bake, extended=True, waits_until=late)))
    until, waits = (f"{one.astimezone():%H:%M:%S}" for one in (BAKING.bake.ends_at, late))
    said = f"until {until} (extended once); for a version that is silent, the judge waits until {waits} at the latest"
    assert f"  bake        {said}\n" in world.run("status", ID).stdout
    document = json.loads(world.run("status", ID, "--output", "json").stdout)
    assert document["bake"]["waits_until"] == late.isoformat()


def test_one_deployment_is_told_in_a_few_lines(world: CliWorld) -> None:
    """How it ended, why, and what to do."""
    world.write(ROLLED_BACK)
    shown = world.run("status", ID).stdout
    assert shown.startswith("↺ ROLLED_BACK  smartpack 1.2.0 was rolled back in smartpack/prod; 1.1.0 is live again.\n")


def test_waves_and_what_is_skipped_are_shown(world: CliWorld) -> None:
    """Which wave is staged now, in which order they come, and what did not change."""
    waves = (("api",), ("site",))
    staging = replace(STAGED, phase=Phase.STAGING, waves=waves, staged={"api": (STAGED.restore_point or {})["api"]})
    world.write(staging)
    assert "  staging     wave 2 of 2: site\n" in world.run("status", ID).stdout
    shown = world.run("show", ID).stdout
    assert "  order       api, then site\n" in shown
    assert ", unchanged: skipped\n" in shown
    assert "not staged" in shown


def test_a_release_that_nothing_looked_at_is_called_blind(world: CliWorld) -> None:
    """While it is on its way and when it is live: in the table and in the document."""
    evaluation = replace(BAKING.evaluation, verdict=Verdict.BLIND) if BAKING.evaluation else None
    world.write(replace(BAKING, evaluation=evaluation))
    world.write(replace(LIVE, evaluation=None, reason=BLINDNESS))
    world.lock(holder=ID)
    shown = world.run("status", "smartpack/prod").stdout
    assert "1.1.0 (blind)" in shown
    assert "at 10 % (blind)" in shown
    document = json.loads(world.run("status", "smartpack/prod", "--output", "json").stdout)
    assert (document["live"]["blind"], document["on_its_way"]["blind"]) == (True, True)


def test_what_was_looked_at_is_not_called_blind(world: CliWorld) -> None:
    """It has been judged."""
    world.write(BAKING)
    world.lock(holder=ID)
    assert "blind" not in world.run("status", "smartpack/prod").stdout


def test_a_held_environment_says_why(world: CliWorld) -> None:
    """Nothing may start there until a person has put it right."""
    world.lock(held="The rollback of smartpack-prod-x failed.")
    assert "The rollback of smartpack-prod-x failed." in world.run("status").stdout


def test_a_failed_rollback_that_holds_says_what_is_wrong(world: CliWorld) -> None:
    """Which component, and what to do; what is live is not wholly that version any more."""
    said = "Wrong prices. Restoring failed: api is on 1, and 1.1.0 left it on 2: it was changed by hand"
    world.write(replace(ended("ROLLBACK_FAILED"), reason=said))
    world.lock(live=ID, held=f"The rollback of {ID} failed.", held_by=ID)
    shown = world.run("status", "smartpack/prod").stdout
    assert said in shown
    assert f"  then        selfright rollback {ID}\n" in shown
    assert "1.2.0 (its rollback failed)" in world.run("status").stdout


def test_a_pause_shows_both_answers(world: CliWorld) -> None:
    """A person must decide: resume it, or roll it back."""
    world.write(PAUSED)
    shown = world.run("status", ID).stdout
    assert f"  resume      selfright resume {ID}\n  roll back   selfright rollback {ID}\n" in shown


def test_a_pause_is_over_when_it_was_answered_or_another_step_bakes() -> None:
    """The token stays in the ledger; alone it means nothing."""
    assert PAUSED.bake
    assert is_paused(PAUSED)
    assert not is_paused(replace(PAUSED, bake=replace(PAUSED.bake, concluded=True)))
    assert not is_paused(replace(BAKING, pause_tokens=("of the step before",)))
    assert not is_paused(replace(PAUSED, trip=ROLLED_BACK.trip))


def test_the_json_of_all_environments(world: CliWorld) -> None:
    """What scripts read: the live version and the weight of what is on its way; never a task token."""
    world.write(PAUSED)
    world.lock(holder=ID)
    result = world.run("status", "--output", "json")
    (environment,) = json.loads(result.stdout)["environments"]
    assert environment["environment"] == "smartpack/prod"
    assert environment["live"]["version"] == "1.1.0"
    assert environment["on_its_way"]["weight"] == 10
    assert environment["on_its_way"]["paused"] is True
    assert environment["waiting"] is None
    assert "secret-token" not in result.stdout


def test_the_keys_of_a_deployment_stay(world: CliWorld) -> None:
    """The documented shape: keys may be added, none may go."""
    world.write(ROLLED_BACK)
    document = json.loads(world.run("status", ID, "--output", "json").stdout)
    assert set(document) == {
        "deployment_id", "application", "environment", "version", "digest", "upload", "components", "waves", "changed",
            "staged",
        "restore_point", "phase", "paused", "blind", "weight", "steps", "bake", "evaluation", "trip", "reason",
        "next_step",
        "uploaded_at", "updated_at", "traffic_restored_at", "closed_at", "seconds", "seconds_to_restore",
        "seconds_until_back", "written",
        "execution_arn", "rollback_execution_arn", "previous_version",
    }  # fmt: skip
    assert document["uploaded_at"] == "2026-01-02T10:00:00+00:00"
    assert document["evaluation"]["canary"] == {"requests": 40, "errors": 1, "error_rate": 0.025}
    assert (document["seconds"], document["seconds_to_restore"], document["seconds_until_back"]) == (33.0, 0.08, 12.0)
    assert document["written"]["arrived_at"] == "2026-01-02T10:00:42+00:00"


def test_watching_prints_again_what_has_changed(world: CliWorld) -> None:
    """Without a terminal there is no picture, and Ctrl-C is how it ends."""

    def interrupt() -> None:
        raise KeyboardInterrupt

    world.write(STAGED)
    world.time.plan(3, lambda: world.write(SUCCEEDED))
    world.time.plan(6, interrupt)
    result = world.run("status", ID, "--watch")
    assert result.exit_code == 130
    assert [line.split()[1] for line in result.stdout.splitlines() if "smartpack 1.2.0" in line] == [
        "STAGING",
        "SUCCEEDED",
    ]


def test_watching_as_json_is_wrong_usage(world: CliWorld) -> None:
    """One document and an endless picture exclude each other."""
    assert world.run("status", "--watch", "--output", "json").exit_code == 2


def test_an_account_without_environments_says_how_to_register_one(world: CliWorld) -> None:
    """The first thing that a newcomer sees says what comes next."""
    client("ssm").delete_parameter(Name="/selfright/smartpack/prod/1")
    result = world.run("status")
    assert result.exit_code == 1
    assert "No environment is registered here." in result.stderr


@pytest.mark.parametrize("what", ["no-such-deployment", "smartpack/test"])
def test_what_does_not_exist_is_said(world: CliWorld, what: str) -> None:
    """With the next step, on stderr; as JSON on stdout too."""
    result = world.run("status", what, "--output", "json")
    assert result.exit_code == 1
    assert set(json.loads(result.stdout)["error"]) == {"message", "next_step"}
    assert "Next:" in result.stderr


def test_a_malformed_environment_is_wrong_usage(world: CliWorld) -> None:
    """It could never exist."""
    assert world.run("status", "Smart Pack/prod").exit_code == 2


def test_history_lists_the_newest_first(world: CliWorld) -> None:
    """How each ended, how long it took, and why."""
    world.write(ROLLED_BACK)
    lines = world.run("history", "smartpack/prod").stdout.splitlines()
    assert lines[1].split()[:9] == ["just", "now", "1.2.0", "↺", "ROLLED_BACK", ID, "33", "s", "Alarm"]
    assert lines[2].split()[:9] == ["1", "d", "ago", "1.1.0", "✔", "SUCCEEDED", LIVE_ID, "1", "h"]


def test_history_says_which_release_brought_an_older_version(world: CliWorld) -> None:
    """Beside how it ended, and for scripts."""
    world.write(replace(SUCCEEDED, version="1.0.9", reason="wrong prices"))
    assert (
        "wrong prices. Older than 1.1.0, which was live."
        in world.run("history", "smartpack/prod").stdout.splitlines()[1]
    )
    document = json.loads(world.run("history", "smartpack/prod", "--output", "json").stdout)
    assert [one["older_than"] for one in document["deployments"]] == ["1.1.0", None]


def test_history_is_as_long_as_asked_for(world: CliWorld) -> None:
    """The newest, as one document."""
    world.write(ROLLED_BACK)
    document = json.loads(world.run("history", "smartpack/prod", "-n", "1", "--output", "json").stdout)
    assert document["environment"] == "smartpack/prod"
    assert [one["deployment_id"] for one in document["deployments"]] == [ID]


def test_history_of_a_new_environment_is_empty(world: CliWorld) -> None:
    """That is no error; an environment that is not registered is."""
    world.register("shop/test")
    assert "had no deployment yet" in world.run("history", "shop/test").stderr
    assert world.run("history", "shop/prod").exit_code == 1


def test_show_tells_everything(world: CliWorld) -> None:
    """What changed, by which steps, and the timeline with the time since the upload."""
    world.write(ROLLED_BACK, ("received", "Received."), ("tripped", "It was bad."))
    shown = world.run("show", ID).stdout
    assert "  api         6 → 7\n" in shown
    assert "  steps       10 % for 1 min, 100 % for 1 min\n" in shown
    assert "selfright show" not in shown
    assert f"selfright show {ID}" in world.run("status", ID).stdout
    assert [line.split(maxsplit=3)[3] for line in shown.splitlines()[-2:]] == ["Received.", "It was bad."]


def test_show_as_json_has_the_timeline(world: CliWorld) -> None:
    """Each event with its time, kind and message."""
    world.write(ROLLED_BACK, ("received", "Received."))
    (event,) = json.loads(world.run("show", ID, "--output", "json").stdout)["timeline"]
    assert event == {"at": "2026-01-02T10:00:00+00:00", "kind": "received", "message": "Received."}
