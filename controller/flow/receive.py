"""Receive release: pin the uploaded object and open a deployment for it, once."""

from dataclasses import dataclass
from typing import Literal

from controller.domain.deployment import Deployment, Upload
from controller.domain.identity import deployment_id, is_folder, parse_key, target_of
from controller.domain.phases import Phase
from controller.domain.printable import printable
from controller.domain.timeline import EventKind
from controller.errors import InvalidBundleError, NotFoundError
from controller.flow.shared.closure import reject
from controller.flow.shared.results import DeploymentResult, Result
from controller.flow.shared.timeline import record
from controller.ports.world import World


@dataclass(frozen=True)
class Received(DeploymentResult):
    """The deployment of this upload, and whether it continues."""

    outcome: Literal["received", "duplicate", "rejected"]


@dataclass(frozen=True)
class Ignored(Result):
    """There is nothing to do for this event."""

    outcome: Literal["ignored"]
    reason: str


def receive(world: World, bucket: str, key: str, version_id: str | None, execution_arn: str) -> Received | Ignored:
    """Open the deployment of an upload.

    Outcomes: `received`; `duplicate` when another execution handles this upload; `ignored` when the object is
    gone, or is a folder that a tool has made; `rejected` when the key names no application and environment.
    """
    if is_folder(key):
        return Ignored("ignored", f"{printable(key)} is a folder, and no bundle.")
    try:
        upload = world.bundles.pin(bucket, key, version_id)
    except NotFoundError as error:
        return Ignored("ignored", f"The upload is gone: {error}")
    application, environment = target_of(key)
    deployment = _new(world, upload, application, environment, execution_arn)
    if not world.deployments.create(deployment):
        deployment = world.deployments.get(deployment.deployment_id)
        if deployment.execution_arn != execution_arn:
            return Received(deployment, "duplicate")
    else:
        again = f" Released again by {upload.by or 'somebody'}: {upload.retry}" if upload.retry else ""
        record(world, deployment.deployment_id, EventKind.RECEIVED, f"Received {key} ({upload.size:,} bytes).{again}")
    try:
        parse_key(key)
    except InvalidBundleError as error:
        return Received(reject(world, deployment, error.reason, error.next_step), "rejected")
    return Received(deployment, "received")


def _new(world: World, upload: Upload, application: str, environment: str, execution_arn: str) -> Deployment:
    now = world.clock.now()
    return Deployment(
        deployment_id=deployment_id(application, environment, upload),
        application=application,
        environment=environment,
        phase=Phase.RECEIVED,
        upload=upload,
        execution_arn=execution_arn,
        created_at=now,
        updated_at=now,
    )
