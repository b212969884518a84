"""A state machine in an environment, and what fits it."""

import io
import json
from typing import Any

import pytest
from pydantic import ValidationError

from controller.confinement import within
from controller.domain.bundle.archive import BundleArchive
from controller.domain.bundle.manifest import make_manifest
from controller.domain.components.state_machine.artifact import StateMachineArtifact
from controller.domain.components.state_machine.target import StateMachineTarget
from controller.errors import InvalidBundleError
from tests.builders import BundleParts, digest

MACHINE = "arn:aws:states:eu-central-1:111122223333:stateMachine:orders"


def a_target(**more: Any) -> StateMachineTarget:  # noqa: ANN401 - JSON
    """The state machine `orders`."""
    return StateMachineTarget.model_validate({"kind": "state_machine", "state_machine_arn": MACHINE, **more})


def written(target: StateMachineTarget, **values: str) -> str:
    """The comment of the definition that a release with these values has in the environment."""
    machine = {"StartAt": "A", "States": {"A": {"Type": "Succeed", "Comment": "${Place} ${Table}"}}}
    data = json.dumps(machine).encode()
    entry = {"kind": "state_machine", "artifact": "flow.json", "digest": digest(data)}
    components = {"flow": {**entry, "definition_substitutions": values}}
    bundle = BundleParts({"application": "shop", "version": "1", "components": components}, {"flow.json": data})
    archive = BundleArchive(io.BytesIO(bundle.pack()))
    artifact = archive.manifest().components["flow"]
    target.require_fit(artifact, archive)
    return str(json.loads(target.written(artifact, "flow", archive))["States"]["A"]["Comment"])


def test_a_large_definition_is_read_in_a_process_with_limits() -> None:
    """Whoever wrote it, the controller goes on."""
    padded = {"StartAt": "A", "States": {"A": {"Type": "Succeed", "Comment": "x" * 20_000}}}
    data = json.dumps(padded).encode()
    entry = {"kind": "state_machine", "artifact": "flow.json", "digest": digest(data)}
    manifest = {"application": "shop", "version": "1", "components": {"flow": entry}}
    archive = BundleArchive(io.BytesIO(BundleParts(manifest, {"flow.json": data}).pack()))
    artifact = StateMachineArtifact.of(archive.manifest().components["flow"], "flow")
    with (
        within(0),
        pytest.raises(InvalidBundleError, match=r"flow\.json cannot be read: that takes more than 0 seconds"),
    ):
        artifact.read_definition(archive)


def test_the_environments_values_win() -> None:
    """A table is another one in each place."""
    assert written(a_target(definition_substitutions={"Table": "prod"}), Place="here", Table="any") == "here prod"


def test_a_name_without_any_value_does_not_fit() -> None:
    """It is refused before anything is touched."""
    with pytest.raises(InvalidBundleError, match=r"\$\{Table\}"):
        written(a_target(), Place="here")


@pytest.mark.parametrize("arn", [f"{MACHINE}:live", "orders", MACHINE.replace("stateMachine", "execution")])
def test_only_a_state_machine_itself_can_be_named(arn: str) -> None:
    """Neither one of its versions or aliases nor anything else."""
    with pytest.raises(ValidationError):
        a_target(state_machine_arn=arn)


@pytest.mark.parametrize("alias", ["7", "", "a:b"])
def test_an_alias_is_no_number(alias: str) -> None:
    """That would be a version."""
    with pytest.raises(ValidationError):
        a_target(alias=alias)


def test_it_logs_where_the_environment_says() -> None:
    """Nowhere, unless it is told to."""
    assert (a_target().log_groups, a_target(log_group="orders").log_groups) == ((), ("orders",))


def test_names_of_substitutions_are_words() -> None:
    """Others could not stand in a definition."""
    component = {"kind": "state_machine", "artifact": "a.json", "definition_substitutions": {"a-b": "x"}}
    with pytest.raises(InvalidBundleError, match="letters, digits"):
        make_manifest({"application": "shop", "version": "1", "components": {"flow": component}})
