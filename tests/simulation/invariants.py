"""What must be true after a run came to rest, however it went: I1 to I8 of the protocol, read from the state."""

import json
from collections import Counter
from collections.abc import Iterator

from controller.domain.deployment import Deployment
from controller.domain.phases import TERMINAL, Phase
from controller.flow.run_task import ATTEMPTS
from tests.simulation.aws.dynamodb import Change
from tests.simulation.releases import COMPONENTS, SECRET
from tests.simulation.scene import FUNCTION, KEEP_REVISIONS, NO_EXECUTION, SITE, TABLE, Scene
from tests.simulation.visitors import PREFIX, UNKNOWN

LEFT_OVER = ("ALARM#", "OUTBOX")
"""The beginnings of keys of items that are there only for as long as something is on its way."""
MARGIN = 2
"""Revisions that may be there beyond those that are kept: what is live, and what was before it."""


class Ends:
    """Counts how often each deployment ended, by watching the ledger; `succeeded` says when it did so first."""

    def __init__(self, scene: Scene) -> None:
        self.counted: Counter[str] = Counter()
        self.succeeded = scene.succeeded
        self._scheduler = scene.scheduler
        self._told_before = len(scene.notes.sent)
        scene.ledger.on_write = self._seen

    def _seen(self, changes: "list[Change]") -> None:
        for change in changes:
            before, after = (_phase(item) for item in (change.before, change.after))
            if after in TERMINAL and before not in TERMINAL and change.after:
                self.counted[change.after["deployment_id"]["S"]] += 1
                if after is Phase.SUCCEEDED:
                    self.succeeded.setdefault(change.after["deployment_id"]["S"], self._scheduler.seconds)


def _phase(item: "dict[str, dict[str, str]] | None") -> Phase | None:
    if not item or item.get("sk", {}).get("S") != "DEPLOYMENT":
        return None
    return Phase(item["phase"]["S"])


def violations(scene: Scene, ends: Ends) -> list[str]:
    """Everything that is not as it must be; empty when all is well."""
    deployments = scene.deployments()
    return [
        *_lock(scene),
        *_served(scene, deployments),
        *_ended(scene, deployments, ends),
        *_left_over(scene),
        *_secret(scene),
        *_own(scene, deployments),
        *scene.application.troubles,
        *(f"I8: the upload {key} has no deployment" for key in scene.unknown_uploads),
    ]


def _lock(scene: Scene) -> Iterator[str]:
    lock = scene.world().locks.load(scene.key)
    if lock.holder or lock.waiting:
        yield f"I1: the lock is not free: holder {lock.holder or 'nobody'}, waiting {lock.waiting}"
    if lock.held:
        yield f"I7: the environment is held, and nobody changed anything by hand: {lock.held}"


def _served(scene: Scene, deployments: list[Deployment]) -> Iterator[str]:
    live = scene.world().locks.load(scene.key).live
    release = next((one for one in deployments if one.deployment_id == live), None)
    served = scene.visitors.served()
    if scene.plan.fresh and not live:
        if any(UNKNOWN not in served[name] for name in ("settings", "site")):
            yield f"I2: nothing is live, and visitors get {served}"
        return  # The first release was undone: there is only what the stack made.
    for name in COMPONENTS:
        if len(served[name]) != 1 or UNKNOWN in served[name]:
            yield f"I2: {name} serves {served[name]}"
    if release is None:
        yield f"I3: the ledger says that {live or 'nothing'} is live, which it does not have"
        return
    wanted = {name: scene.visitors.releases[release.version].content(name) for name in COMPONENTS}
    for name, content in wanted.items():
        if set(served[name]) != {content}:
            yield f"I2: {name} serves {served[name]}, and {release.version} is live, with {content}"
    if release.phase is not Phase.SUCCEEDED:
        yield f"I3: {live} is live and {release.phase}"


def _ended(scene: Scene, deployments: list[Deployment], ends: Ends) -> Iterator[str]:
    told = Counter(json.loads(one.message).get("deployment_id") for one in scene.notes.sent)
    for one in deployments:
        if one.phase not in TERMINAL:
            yield f"I3: {one.deployment_id} ({one.version}) is still {one.phase}"
        if one.execution_arn == NO_EXECUTION and one.deployment_id not in ends.counted:
            continue
        ended, heard = ends.counted[one.deployment_id], told[one.deployment_id]
        if heard < ended or (heard > ended and not scene.faults.met and not scene.faults.outages):
            yield f"I4: {one.deployment_id} ended {ended} times, and {heard} notifications were sent"
        if not one.is_told:
            yield f"I4: {one.deployment_id} still owes a notification"


def _left_over(scene: Scene) -> Iterator[str]:
    for item in scene.ledger.items(TABLE):
        if "expires_at" in item and scene.faults.met:
            continue  # Whoever died before closing a guard leaves it to its expiry.
        if any(item[key]["S"].startswith(LEFT_OVER) for key in ("pk", "sk")):
            yield f"I5: left over: {item['pk']['S']} {item['sk']['S']}"


def _own(scene: Scene, deployments: list[Deployment]) -> Iterator[str]:
    """The function itself has what is live, and each release that went through has done its task, once or twice."""
    lock = scene.world().locks.load(scene.key)
    live = next((one for one in deployments if one.deployment_id == lock.live), None)
    has = scene.visitors.of_function("$LATEST")
    gave_up = any(awaited.left for one in deployments for awaited in one.awaited.values())
    if live and not gave_up and has != scene.visitors.releases[live.version].content("api"):
        yield f"I12: the function itself has {has}, and {live.version} is live"
    began = scene.application.began()
    for one in deployments:
        if began.get(one.deployment_id, 0) > ATTEMPTS:
            yield f"I13: the task of {one.deployment_id} was begun {began[one.deployment_id]} times"
        if one.tasks and one.phase is Phase.SUCCEEDED and not scene.application.is_done(one.deployment_id):
            yield f"I13: {one.deployment_id} has succeeded, and its task is not done"


def retention(scene: Scene) -> Iterator[str]:
    """What is there beyond retention, after a release went through and pruned."""
    settings = {name.split("/")[-2] for name in scene.parameters.names(f"{PREFIX}/revisions/")}
    site = {key.split("/")[1] for key in scene.objects.keys(SITE, "revisions/")}
    for name, found in (("api", scene.lambdas.versions(FUNCTION)), ("settings", settings), ("site", site)):
        if len(found) > KEEP_REVISIONS + MARGIN:
            yield f"I5: {name} has {len(found)} revisions, and {KEEP_REVISIONS} are kept: {sorted(found)}"


def _secret(scene: Scene) -> Iterator[str]:
    sinks = {
        "a notification": [one.subject + one.message for one in scene.notes.sent],
        "the ledger": [json.dumps(item) for item in scene.ledger.items(TABLE)],
        "a log": [*scene.log, *(line.text for line in scene.history.lines if hasattr(line, "text"))],
        "an execution": [json.dumps([one.document, one.output, one.cause]) for one in scene.executions()],
    }
    for where, texts in sinks.items():
        if any(SECRET in text for text in texts):
            yield f"I6: the planted secret is in {where}"
