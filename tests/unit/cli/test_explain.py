import json
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from controller.aws.ledger.evaluations import DynamoEvaluations
from controller.domain.deployment import Trip
from selfright.cli.views.chart import WIDTH, chart
from tests.cli_world import ID, ROLLED_BACK, SUCCEEDED, TABLE, CliWorld, ended
from tests.evaluations import worse

BAD = worse()


@pytest.fixture
def explained(world: CliWorld) -> CliWorld:
    """A deployment that the judge has rolled back."""
    world.write(replace(ROLLED_BACK, trip=Trip(BAD[-1].at, "judge", BAD[-1].reason)))
    for evaluation in BAD:
        DynamoEvaluations(TABLE).record(ID, evaluation)
    return world


def test_five_sentences_and_a_chart(explained: CliWorld) -> None:
    """Commands can be copied, and the chart has a column for each evaluation."""
    shown = explained.run("explain", ID).stdout.splitlines()
    assert shown[0] == "↺ ROLLED_BACK  smartpack 1.2.0"
    assert shown[3] == "The judge ended it by api's errors: the canary has more of them than chance explains."
    assert shown[6] == "Correct it and release it under a new version."
    assert "100 rolls back" in "".join(shown)
    weight = next(line for line in shown if line.strip().startswith("weight"))
    assert weight.split()[1] == "▁" * 48 + "▄" * 4


def test_a_rollback_that_failed_is_explained_by_what_was_not_restored(world: CliWorld) -> None:
    """Who rolled it back is not why the environment is held."""
    said = "It was wrong. Restoring failed: api is on 1, and 1.1.0 left it on 2: it was changed by hand"
    world.write(replace(ended("ROLLBACK_FAILED"), reason=said))
    shown = world.run("explain", ID).stdout
    assert f"could not be rolled back in smartpack/prod, and the environment is held: {said}.\n" in shown


def test_the_json_has_every_evaluation(explained: CliWorld) -> None:
    """Counts, e-value, limit and verdict of each, and which one was decisive."""
    document = json.loads(explained.run("explain", ID, "--output", "json").stdout)
    assert set(document["explanation"]) == {"happened", "metric", "numbers", "evaluation", "next_step"}
    assert document["decisive_evaluation"] == len(document["evaluations"]) == len(BAD)
    last = document["evaluations"][-1]
    assert (last["verdict"], last["weight"], last["limit"]) == ("unhealthy", 50, pytest.approx(100))
    assert last["comparisons"][0]["canary"] == {"requests": 340, "errors": 9, "error_rate": pytest.approx(9 / 340)}
    assert document["plot"] is None


def test_a_picture_is_drawn(explained: CliWorld, tmp_path: Path) -> None:
    """And its path is in the document."""
    file = tmp_path / "why.svg"
    result = explained.run("explain", ID, "--plot", str(file), "--output", "json")
    assert file.read_text().startswith("<?xml")
    assert json.loads(result.stdout)["plot"] == str(file)


def test_a_picture_of_another_kind_is_wrong_usage(explained: CliWorld, tmp_path: Path) -> None:
    """Before anything is read."""
    result = explained.run("explain", ID, "--plot", str(tmp_path / "why.pdf"))
    assert result.exit_code == 2
    assert "--plot writes .png or .svg" in result.stderr


def test_a_picture_that_cannot_be_written_is_an_error(explained: CliWorld, tmp_path: Path) -> None:
    """With the path."""
    result = explained.run("explain", ID, "--plot", str(tmp_path / "nowhere" / "why.png"))
    assert result.exit_code == 1
    assert "nowhere" in result.stderr


def test_show_tells_where_the_explanation_is(explained: CliWorld) -> None:
    """Only when there was an evaluation."""
    assert f"selfright explain {ID}" in explained.run("show", ID).stdout


def test_a_deployment_without_evaluations_has_no_chart(world: CliWorld) -> None:
    """A deployment from before evaluations were recorded."""
    world.write(replace(SUCCEEDED, evaluation=None))
    result = world.run("explain", ID)
    assert result.exit_code == 0
    assert "weight" not in result.stdout


def test_many_evaluations_share_columns() -> None:
    """A day's evaluations fit the terminal."""
    console = Console(width=200, force_terminal=False)
    with console.capture() as capture:
        console.print(chart(BAD * 40, ROLLED_BACK))
    weight = next(line for line in capture.get().splitlines() if line.strip().startswith("weight"))
    assert len(weight.split()[1]) == WIDTH
