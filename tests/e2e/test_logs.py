"""`selfright logs` on the local AWS: the functions' own log groups, and the lines of exactly this deployment."""

import json
import os
import signal
import subprocess
import sys
from typing import Any

from selfright.layout import ROOT
from tests.e2e.lab import NEVER, Lab
from tests.e2e.programs import program
from tests.e2e.waiting import PATIENCE, until


def read(lab: Lab, *words: str) -> list[dict[str, Any]]:
    """What the command prints, as documents."""
    done = subprocess.run(
        [sys.executable, "-m", "selfright", "logs", *words, "--output", "json"],
        cwd=ROOT,
        env={**os.environ, **lab.running.variables(), **lab.person},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
        timeout=PATIENCE,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def tasks(lines: list[dict[str, Any]]) -> list[str]:
    """The tasks that the controller logged as done."""
    return [one["record"]["task"] for one in lines if one["source"] == "controller" and one["record"]]


def test_the_logs_of_a_deployment_show_its_events_by_version(lab: Lab) -> None:
    """The controller's tasks in their order; lines of stable and canary are distinguished; no lines of others."""
    other = lab.lock().live
    lab.set_bakes([(50, NEVER)])
    release = lab.release()
    lab.until_kind(release, "baking")
    lab.live()
    staged = lab.ledger.get(release).staged["api"].id
    lab.command("rollback", release)

    def ended() -> list[dict[str, Any]]:
        found = read(lab, release)
        return found if "close" in tasks(found) else []  # A task logs that it is done after it has told the ledger.

    lines = until("the last task is logged", ended)
    assert [one["at"] for one in lines] == sorted(one["at"] for one in lines)
    order = tasks(lines)
    assert order[:2] == ["receive", "validate"]
    assert order.index("shift") < order.index("restore") < order.index("close")
    assert not [one for one in lines if other in one["message"] and release not in one["message"]]
    sides = {(one["side"], one["version"]) for one in lines if one["source"] == "api"}
    assert ("canary", staged) in sides
    assert {side for side, _ in sides} == {"canary", "stable"}
    assert {one["side"] for one in read(lab, release, "--component", "api", "--filter", "request answered")} == {
        "canary",
        "stable",
    }


def test_a_release_is_followed_while_it_goes_on(lab: Lab) -> None:
    """Lines come as they are written, each once; Ctrl-C ends it without a traceback."""
    lab.set_bakes([(50, NEVER)])
    release = lab.release()
    lab.until_kind(release, "restore_point")
    command = [sys.executable, "-m", "selfright", "logs", release, "--follow", "--output", "json"]
    with program(command, {**lab.running.variables(), **lab.person}) as following:
        lines: list[dict[str, Any]] = []
        for line in following.stdout or ():
            lines.append(json.loads(line))
            if "shift" in tasks(lines):
                break
        following.send_signal(signal.SIGINT)
        _, said = following.communicate(timeout=30)
    lab.command("rollback", release)
    assert following.returncode == 130
    assert "Traceback" not in said
    assert tasks(lines)[:2] == ["receive", "validate"]
    assert len({(one["log_stream"], one["message"]) for one in lines}) == len(lines)


def test_a_release_leaves_its_marks_in_the_controllers_log(lab: Lab) -> None:
    """CloudWatch makes metrics of these lines: the shift, and the end."""
    release = lab.release()
    lab.ended(release)
    # The function that closes it returns, and is logged, after the ledger knows.
    until("its end is logged", lambda: "SUCCEEDED" in marks(lab, release))
    assert set(marks(lab, release)) == {"SHIFTING", "SUCCEEDED"}
    assert marks(lab, release).count("SUCCEEDED") == 1


def marks(lab: Lab, release: str) -> list[str]:
    """The phases of a deployment that were logged as metrics."""
    found: list[dict[str, Any]] = []
    for group in ("traffic", "close"):
        pages = lab.client("logs").get_paginator("filter_log_events")
        listed = pages.paginate(logGroupName=f"/aws/lambda/selfright-{group}")
        messages = [event["message"] for page in listed for event in page["events"]]
        found += [json.loads(text) for text in messages if release in text and '"_aws"' in text]
    return [one["Phase"] for one in found if "Deployments" in one]
