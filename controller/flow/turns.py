"""Changing the turn of an environment: load, decide by the pure rules, save unless somebody was faster."""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from controller.domain.deployment import Deployment
from controller.domain.phases import Phase
from controller.domain.turn import Answer, Place, Turn, ask, order_of, release, take_back
from controller.errors import ConflictError, LedgerConflictError
from controller.flow.leases import renewed
from controller.flow.story import card, tell
from controller.flow.world import World

TRIES = 20
Result = TypeVar("Result")


def change(world: World, environment_key: str, decide: Callable[[Turn], tuple[Turn, Result]]) -> Result:
    """Apply a decision to the turn; decided anew whenever somebody saved in between.

    Raises `LedgerConflictError` after many lost races: then the ledger is in trouble.
    """
    for _ in range(TRIES):
        turn = world.turns.load(environment_key)
        decided, result = decide(turn)
        if decided == turn:
            return result
        try:
            world.turns.save(decided)
        except LedgerConflictError:
            continue
        return result
    msg = f"The turn of {environment_key} changes too often to be saved; try again."
    raise LedgerConflictError(msg)


def ask_for_turn(world: World, deployment: Deployment) -> Answer:
    """Ask for the environment's turn for this deployment."""
    order = order_of(deployment.upload.uploaded_at, deployment.version)
    place = Place(deployment.deployment_id, order)

    def decide(turn: Turn) -> tuple[Turn, Answer]:
        answer = ask(turn, place)
        return answer.turn, answer

    return change(world, deployment.environment_key, decide)


def hand_on(
    world: World,
    environment_key: str,
    deployment_id: str,
    *,
    live: str | None = None,
    hold: str = "",
) -> Deployment | None:
    """End a deployment's turn and let the waiting one go on; with `hold`, returns the waiting one, to be refused.

    `live` is the deployment whose release is live from now on (None: as before).
    """

    def decide(turn: Turn) -> tuple[Turn, Place | None]:
        after, waiting = release(turn, deployment_id, hold=hold)
        held_no_more = live is not None and turn.holder == deployment_id
        return (replace(after, live=live, held="") if held_no_more and live is not None else after), waiting

    waiting = change(world, environment_key, decide)
    if waiting is None:
        return None
    deployment = world.deployments.get(waiting.deployment_id)
    if hold:
        return deployment
    grant(world, deployment)
    return None


def grant(world: World, deployment: Deployment) -> None:
    """Tell a queued deployment that it has the turn. Harmless when it knows already."""
    turn = world.turns.load(deployment.environment_key)
    if turn.holder != deployment.deployment_id:
        return
    changes = {"turn_token": turn.token, "previous": turn.live, **renewed(world)}
    try:
        granted = world.deployments.update(deployment.deployment_id, changes, phases={Phase.QUEUED})
    except LedgerConflictError:
        return  # It has moved on, or has ended: then whoever waits next finds the turn held by nobody alive.
    if deployment.turn_token != turn.token:
        tell(world, granted.deployment_id, "granted", f"It is this release's turn in {granted.environment_key}.")
    world.workflows.succeed(granted.queue_token, card(granted, "granted"))


def take_turn_back(world: World, deployment: Deployment) -> None:
    """Take the turn for the rollback of a deployment that has ended; raises `ConflictError` when another has it."""

    def decide(turn: Turn) -> tuple[Turn, str]:
        taken = take_back(turn, deployment.deployment_id)
        return (turn, turn.holder) if taken is None else (taken, "")

    if other := change(world, deployment.environment_key, decide):
        msg = f"Deployment {other} is on its way in {deployment.environment_key}: roll that one back first."
        raise ConflictError(msg)


def free(world: World, environment_key: str, deployment_id: str) -> bool:
    """Let releases into an environment again that is held because of this deployment; False when it is not."""

    def decide(turn: Turn) -> tuple[Turn, bool]:
        ours = deployment_id in turn.held
        return (replace(turn, held="") if ours else turn), ours

    return change(world, environment_key, decide)
