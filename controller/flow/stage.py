"""Stage component: its new revision is made. No traffic moves."""

from functools import partial

from controller.domain.bundle.archive import BundleArchive
from controller.domain.deployment import Changes, Deployment, Pending, Revision
from controller.domain.phases import Phase
from controller.domain.timeline import EventKind
from controller.flow.shared.fence import permit
from controller.flow.shared.lease import renewed
from controller.flow.shared.pending import awaiting
from controller.flow.shared.results import ComponentResult
from controller.flow.shared.timeline import environment_of, record
from controller.ports.components import Context
from controller.ports.ledger import Expected
from controller.ports.world import World


def stage(world: World, deployment_id: str, name: str) -> ComponentResult:
    """Make the new revision of one component, or find that nothing changed.

    Outcomes: `staged`; `pending` while AWS is still working on it: then this is called again, unless the deployment
    has tripped (`TrippedError`). Raises `SelfrightError` when it takes too long.
    """
    deployment = world.deployments.get(deployment_id)
    if name in deployment.awaited:
        permit(world, deployment_id)
    context = Context(deployment, partial(permit, world, deployment_id))
    component = world.components.get(environment_of(world, deployment), name, context=context)
    with world.bundles.open(deployment.upload) as file:
        bundle = BundleArchive(file)
        made = component.stage(bundle.manifest().components[name], bundle)
    if isinstance(made, Pending):
        changes: Changes = {**awaiting(world, deployment, name, made), **renewed(world)}
        world.deployments.update(deployment_id, changes, phases={Phase.STAGING}, expected=_same(deployment))
        return ComponentResult(name, "pending", made.doing)
    return _staged(world, deployment, name, made)


def _staged(world: World, deployment: Deployment, name: str, revision: Revision) -> ComponentResult:
    staged = world.deployments.update(
        deployment.deployment_id,
        {"staged_now": {name: revision}, **renewed(world)},
        phases={Phase.STAGING},
        expected=_same(deployment),
    )
    new = name in staged.changed
    told = f"staged as {revision.id}" if new else f"unchanged, {revision.id} stays: skipped"
    record(world, deployment.deployment_id, EventKind.STAGED, f"{name}: {told}.")
    return ComponentResult(name, "staged", revision=revision.id, changed=new)


def _same(deployment: Deployment) -> Expected:
    return Expected(fencing_token=deployment.fencing_token)
