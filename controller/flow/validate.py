"""Validate bundle: is it a release, is it for this environment, and may it be released? Nothing is touched."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from controller.confinement import within
from controller.domain.bundle.acceptance import check_release
from controller.domain.bundle.archive import BundleArchive
from controller.domain.bundle.manifest import Manifest
from controller.domain.bundle.remarks import bounded, remarks_beside, remarks_on
from controller.domain.deployment import Changes, Deployment
from controller.domain.environment import Environment
from controller.domain.history import served_until
from controller.domain.phases import UNTOUCHED, Phase
from controller.domain.timeline import EventKind
from controller.errors import InvalidBundleError, InvalidEnvironmentError, UnknownEnvironmentError
from controller.flow.preconditions.version import check_version
from controller.flow.shared.closure import reject
from controller.flow.shared.hand_over import find
from controller.flow.shared.results import DeploymentResult
from controller.flow.shared.timeline import environment_of, record
from controller.ports.world import World

READING = 120.0
"""The seconds for all files of a bundle whose reading is limited, together: the task itself has 300."""


@dataclass(frozen=True)
class Validated(DeploymentResult):
    """Whether the bundle is a release for this environment."""

    outcome: Literal["valid", "rejected"]


def validate(world: World, deployment_id: str) -> Validated:
    """Check the whole bundle; outcomes: `valid`, or `rejected` with the reason and the next step."""
    deployment = world.deployments.get(deployment_id)
    if deployment.phase is Phase.REJECTED:
        return Validated(deployment, "rejected")
    try:
        environment = environment_of(world, deployment)
        with within(READING), world.bundles.open(deployment.upload) as bundle:
            archive = BundleArchive(bundle)
            manifest = archive.manifest()
            archive.verify(manifest)
            deployment = _note(world, deployment, manifest, archive.digest())
            checks = check_release(environment, archive, manifest, world.probe.refusal)
            deployment = _note_checks(world, deployment, checks)
            remarks = bounded([*_beside_what_is_live(world, environment, manifest), *remarks_on(manifest, archive)])
        check_version(world, deployment)
    except InvalidBundleError as error:
        return Validated(reject(world, deployment, error.reason, error.next_step), "rejected")
    except (UnknownEnvironmentError, InvalidEnvironmentError) as error:
        next_step = (
            "Upload to incoming/<application>/<environment>/ of a registered environment, or register it with CDK."
        )
        return Validated(reject(world, deployment, str(error), next_step), "rejected")
    names = ", ".join(deployment.components)
    record(world, deployment_id, EventKind.VALIDATED, f"Version {deployment.version} is a valid release of {names}.")
    for remark in remarks:
        record(world, deployment_id, EventKind.REMARK, remark)
    return Validated(deployment, "valid")


def _beside_what_is_live(world: World, environment: Environment, manifest: Manifest) -> Iterator[str]:
    """The remarks on this release beside the one that is live."""
    live = world.locks.load(environment.key).live
    known = find(world, live)
    served = served_until(world.deployments.get, live) or ()
    return remarks_beside(manifest, environment, known.version if known else "", served)


def _note(world: World, deployment: Deployment, manifest: Manifest, digest: str) -> Deployment:
    """Write what the manifest says, so that even a rejected release has a version."""
    changes: Changes = {
        "version": manifest.version,
        "digest": digest,
        "components": tuple(sorted(manifest.components)),
        "waves": manifest.waves,
        "secrets": tuple(need.model_dump_json() for need in manifest.secrets),
        "tasks": tuple(task.model_dump_json(exclude_defaults=True) for task in manifest.tasks),
    }
    return world.deployments.update(deployment.deployment_id, changes, phases=UNTOUCHED)


def _note_checks(world: World, deployment: Deployment, checks: tuple[str, ...]) -> Deployment:
    """Write the checks that the release must pass here for as long as it is live."""
    return world.deployments.update(deployment.deployment_id, {"checks": checks}, phases=UNTOUCHED)
