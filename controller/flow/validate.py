"""Validate bundle: is it a release, is it for this environment, and may it be released? Nothing is touched."""

from dataclasses import dataclass
from typing import Literal

from controller.domain.bundle.archive import BundleArchive
from controller.domain.bundle.check_variables import checks_for
from controller.domain.bundle.manifest import Manifest
from controller.domain.checks.addresses import ADVICE
from controller.domain.deployment import Changes, Deployment
from controller.domain.environment import Environment
from controller.domain.phases import UNTOUCHED, Phase
from controller.domain.timeline import EventKind
from controller.errors import InvalidBundleError, InvalidEnvironmentError, UnknownEnvironmentError
from controller.flow.preconditions.previous_attempt import check_previous_attempt
from controller.flow.preconditions.secrets import secret_of
from controller.flow.shared.closure import reject
from controller.flow.shared.results import DeploymentResult
from controller.flow.shared.timeline import environment_of, record
from controller.ports.world import World


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
        with world.bundles.open(deployment.upload) as bundle:
            archive = BundleArchive(bundle)
            manifest = archive.manifest()
            archive.verify(manifest)
            deployment = _note(world, deployment, manifest, archive.digest())
            checks = check_release(world, environment, archive, manifest)
            deployment = _note_checks(world, deployment, checks)
        check_previous_attempt(world, deployment.environment_key, manifest.version, deployment.digest)
    except InvalidBundleError as error:
        return Validated(reject(world, deployment, error.reason, error.next_step), "rejected")
    except (UnknownEnvironmentError, InvalidEnvironmentError) as error:
        next_step = (
            "Upload to incoming/<application>/<environment>/ of a registered environment, or register it with CDK."
        )
        return Validated(reject(world, deployment, str(error), next_step), "rejected")
    names = ", ".join(deployment.components)
    record(world, deployment_id, EventKind.VALIDATED, f"Version {deployment.version} is a valid release of {names}.")
    return Validated(deployment, "valid")


def check_release(
    world: World, environment: Environment, archive: BundleArchive, manifest: Manifest
) -> tuple[str, ...]:
    """The release's checks, as the ledger has them, if the environment can take this bundle as far as both of them say.

    Raises `InvalidBundleError`. Nothing is written, so that `selfright plan` asks the same before the upload.
    """
    _check_fit(manifest, environment)
    _check_components(archive, manifest, environment)
    _check_urls(world, manifest, environment)
    return checks_for(manifest, environment)


def _check_fit(manifest: Manifest, environment: Environment) -> None:
    if manifest.application != environment.application:
        reason = (
            f"The bundle is a release of '{manifest.application}' but was uploaded for '{environment.application}'."
        )
        raise InvalidBundleError(reason, f"Upload it to incoming/{manifest.application}/<environment>/.")
    for name, artifact in manifest.components.items():
        target = environment.components.get(name)
        if target is None:
            known = ", ".join(sorted(environment.components))
            reason = f"components.{name}: the environment {environment.key} has no such component (it has: {known})."
            raise InvalidBundleError(reason, "Rename the component, or add it to the environment with CDK.")
        if target.kind != artifact.kind:
            reason = f"components.{name}: is a {artifact.kind} in the bundle and a {target.kind} in {environment.key}."
            raise InvalidBundleError(reason)
    for need in manifest.secrets:
        secret_of(environment, need)


def _check_urls(world: World, manifest: Manifest, environment: Environment) -> None:
    """Refuse what the checks would not be allowed to ask, while nothing is touched yet."""
    if environment.allow_private_urls:
        return
    for name in sorted({check.component for check in manifest.verification.checks if check.from_outside}):
        url = environment.components[name].url
        if url and (reason := world.probe.refusal(url)):
            what = f"components.{name}: the URL {url} in {environment.key} may not be checked: {reason}."
            raise InvalidBundleError(what, ADVICE)


def _check_components(archive: BundleArchive, manifest: Manifest, environment: Environment) -> None:
    """Each artifact must be one that its target takes."""
    for name, artifact in manifest.components.items():
        try:
            environment.components[name].require_fit(artifact, archive)
        except InvalidBundleError as error:
            raise InvalidBundleError(f"components.{name}: {error.reason}.", error.next_step) from error


def _note(world: World, deployment: Deployment, manifest: Manifest, digest: str) -> Deployment:
    """Write what the bundle says it is, so that a release that is rejected for it has a name."""
    changes: Changes = {
        "version": manifest.version,
        "digest": digest,
        "components": tuple(sorted(manifest.components)),
        "waves": manifest.waves,
        "secrets": tuple(need.model_dump_json() for need in manifest.secrets),
    }
    return world.deployments.update(deployment.deployment_id, changes, phases=UNTOUCHED)


def _note_checks(world: World, deployment: Deployment, checks: tuple[str, ...]) -> Deployment:
    """Write what the release must answer here, from now on and for as long as it is live."""
    return world.deployments.update(deployment.deployment_id, {"checks": checks}, phases=UNTOUCHED)
