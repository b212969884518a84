"""The platform's workflows: our own commands, on the Pythons that we claim, with the least permissions."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from devtools.commands import COMMANDS

ROOT = Path(__file__).resolve().parents[3]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


@pytest.fixture(params=WORKFLOWS, ids=[file.name for file in WORKFLOWS])
def workflow(request: pytest.FixtureRequest) -> Path:
    """Every workflow."""
    file: Path = request.param
    return file


def jobs(workflow: Path) -> dict[str, Any]:
    """The jobs of a workflow by their names."""
    return dict(yaml.safe_load(workflow.read_text())["jobs"])


def test_every_action_is_pinned_by_its_commit(workflow: Path) -> None:
    """A tag can be moved to other code, a commit cannot; the version stands beside it for people and updates."""
    used = re.findall(r"uses: *(.*)", workflow.read_text())
    assert used
    assert not [one for one in used if not re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", one)]


def test_every_command_of_ours_exists(workflow: Path) -> None:
    """The workflows run what people run."""
    named = set(re.findall(r"\./dev (\w+)", workflow.read_text()))
    assert named
    assert named <= set(COMMANDS)


def test_no_workflow_may_write_but_for_a_job_that_says_so(workflow: Path) -> None:
    """At the top there is nothing but reading, and no job may write into the repository."""
    top = yaml.safe_load(workflow.read_text())["permissions"]
    assert top in ({}, {"contents": "read"})
    writing = {
        right
        for job in jobs(workflow).values()
        for right, what in job.get("permissions", {}).items()
        if what == "write"
    }
    assert writing <= {"id-token", "attestations"}


def test_every_python_that_we_claim_is_tested() -> None:
    """The classifiers are the matrix on Linux; the oldest is what `requires-python` says, and it is on macOS, too."""
    tested = jobs(ROOT / ".github" / "workflows" / "ci.yml")
    claimed = re.findall(r":: (3\.\d+)$", "\n".join(PROJECT["classifiers"]), re.MULTILINE)
    assert tested["test"]["strategy"]["matrix"]["python"] == claimed
    assert PROJECT["requires-python"] == f">={claimed[0]}"
    assert claimed[0] in tested["macos"]["strategy"]["matrix"]["python"]


def test_what_is_published_was_built_once_and_attested() -> None:
    """The job that may publish runs none of our code: it takes the files of the job that attested them."""
    release = jobs(ROOT / ".github" / "workflows" / "release.yml")
    assert any("attest-build-provenance" in step.get("uses", "") for step in release["build"]["steps"])
    assert release["publish"]["needs"] == "build"
    assert release["publish"]["environment"] == "pypi"
    assert not [step for step in release["publish"]["steps"] if "run" in step or "checkout" in step["uses"]]
