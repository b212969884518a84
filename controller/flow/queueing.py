"""Wait for turn: the newest waiting release of an environment goes next, older waiting ones are superseded."""

from controller.domain.deployment import Deployment
from controller.domain.phases import UNTOUCHED, Phase
from controller.domain.turn import Place
from controller.flow.closing import HELD_ADVICE, close, reject
from controller.flow.story import card, tell
from controller.flow.turns import ask_for_turn, grant
from controller.flow.world import World


def wait_for_turn(world: World, deployment_id: str, task_token: str) -> None:
    """Queue the deployment; the task token is answered when its turn has come or never will.

    Answers: `granted`, `superseded`, `held`. The token is kept in the ledger first, so that whoever ends the present
    turn (or the reconciler) can answer it.
    """
    changes = {"phase": Phase.QUEUED, "queue_token": task_token}
    deployment = world.deployments.update(deployment_id, changes, phases=UNTOUCHED)
    if settle(world, deployment) == "waiting":
        tell(world, deployment_id, "queued", "Waiting for the deployment before it to end.")


def settle(world: World, deployment: Deployment) -> str:
    """Do what the turn says of a queued deployment, and return what it says; doing it again is harmless."""
    answer = ask_for_turn(world, deployment)
    if answer.displaced:
        _supersede(world, answer.displaced, deployment.version)
    match answer.outcome:
        case "granted":
            grant(world, deployment)
        case "superseded":
            _supersede(world, Place(deployment.deployment_id, ""), "")
        case "held":
            rejected = reject(world, deployment, f"The environment is held: {answer.turn.held}", HELD_ADVICE)
            world.workflows.succeed(rejected.queue_token, card(rejected, "held"))
        case "waiting":
            pass
    return answer.outcome


def _supersede(world: World, place: Place, by: str) -> None:
    reason = f"Version {by} was uploaded later." if by else "A newer release was uploaded before this one's turn."
    ended = close(world, place.deployment_id, Phase.SUPERSEDED, reason, phases=UNTOUCHED)
    world.workflows.succeed(ended.queue_token, card(ended, "superseded"))
