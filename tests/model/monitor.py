"""Holds real runs to the model: every write of the ledger and of a component, as it takes effect, one after the other.

The simulator gives it the items before and after each write of DynamoDB (all of a transaction together), and each write
of a component. It raises `ViolationError` at the first one that the rules do not allow; (L) and the waiting place are
checked after each. It decides by what was true when the write took effect, not by the condition that the code has put
on it: a write without a condition that does no harm this time passes, and the scheduler's next seeds find it.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from controller.aws.components.function.alias import SEALED
from controller.aws.ledger.table import plain
from controller.domain.components.site.routing import parse
from controller.domain.deployment import LONGEST_TASK
from controller.domain.phases import TERMINAL, TOUCHED, Phase
from controller.errors import ChangedByOthersError
from controller.flow.run_task import ATTEMPTS
from tests.model.rules import Deployment, Lock, Rules, holds

Item = Mapping[str, Any]
Change = tuple[Item | None, Item | None]
"""An item before and after a write, as DynamoDB holds it; None where there is none."""
LISTS = ("queue_tokens", "guard_tokens", "pause_tokens")
KEPT = ("grace_until", "late_alarm", "overtaken")
"""What is kept of a deployment after its end."""
ALONE = frozenset({Phase.STAGING, Phase.SHIFTING, Phase.BAKING})
"""Phases that begin by a write of the deployment alone; all others are hand-overs, with the lock in one transaction."""


class ViolationError(AssertionError):
    """A write that the model does not allow."""


class Monitor:
    """What the ledger and the components hold, as far as the model knows it."""

    def __init__(self, runs: Callable[[str], bool] = lambda _: False, rules: Rules | None = None) -> None:
        """`runs` says whether an execution runs at this moment."""
        self._runs, self._rules = runs, rules or Rules()
        self._deployments: dict[str, dict[str, Any]] = {}
        self._locks: dict[str, dict[str, Any]] = {}
        self._seals: dict[str, tuple[str, str]] = {}
        self._arrived: dict[str, set[int]] = {}
        self.writes = 0

    # The ledger.

    def know(self, items: Sequence[Item]) -> None:
        """What the ledger holds when the monitor begins to watch."""
        for item in items:
            if item["sk"]["S"] == "DEPLOYMENT":
                found = plain(dict(item))
                self._deployments[found["deployment_id"]] = found
            elif item["sk"]["S"] == "LOCK":
                self._locks[item["pk"]["S"].removeprefix("ENVIRONMENT#")] = plain(dict(item))

    def ledger(self, changes: Sequence[Change]) -> None:
        """One write of the ledger, or all of one transaction."""
        deployments, locks = [], []
        for before, after in changes:
            named = after or before or {}
            sort = named.get("sk", {}).get("S")
            pair = (plain(dict(before)) if before else None, plain(dict(after)) if after else None)
            if sort == "DEPLOYMENT":
                deployments.append(pair)
            elif sort == "LOCK":
                # A lock's environment is its key: an environment's own field is not kept apart from the index's.
                locks.append((named["pk"]["S"].removeprefix("ENVIRONMENT#"), *pair))
        if not deployments and not locks:
            return
        self.writes += 1
        moved = {after["deployment_id"]: (before, after) for before, after in deployments if after}
        locked = {environment: (before or {}, after or {}) for environment, before, after in locks}
        for before, after in deployments:
            self._deployment(before, after, locked)
            if before and after:
                self._change(before, after)
                self._kept(before, after, moved, locked)
        for environment, (before, after) in locked.items():
            self._lock(environment, before, after, moved)
            self._quiet(environment, before, after, moved)
        self._deployments |= {name: after for name, (_, after) in moved.items()}
        self._locks |= {environment: after for environment, (_, after) in locked.items()}
        touched = {_environment(after) for _, after in moved.values()} | set(locked)
        for environment in touched:
            self._whole(environment)

    def _deployment(self, before: dict | None, after: dict | None, locked: Mapping[str, tuple[dict, dict]]) -> None:
        if after is None:
            raise ViolationError(f"the deployment {(before or {}).get('deployment_id')} was deleted")
        name, now = after["deployment_id"], _item(after)
        if before is None:
            _require(now.phase is Phase.RECEIVED, f"{name} begins as {now.phase}")
            return
        then = _item(before)
        hand_over = _environment(after) in locked
        self._allow(name, f"{then.phase} → {now.phase}", self._step(then, now, hand_over=hand_over))
        if now.tripped and not then.tripped and then.phase not in TERMINAL:
            self._allow(name, "trip", self._rules.trip(then))
        _require(not then.tripped or after.get("trip") == before.get("trip"), f"{name}: its trip was changed")
        _require(
            before.get("fencing_token", 0) in {0, after.get("fencing_token", 0)} or hand_over,
            f"{name}: its fencing token was changed outside of a hand-over",
        )
        _require(now.granted == then.granted or hand_over, f"{name} was granted the lock outside of a hand-over")
        if now.weight > then.weight:
            self._allow(name, f"weight {now.weight}", self._rules.begin_shift(then, now.weight))
        elif now.weight < then.weight:
            self._allow(name, f"weight {now.weight}", self._rules.back(then))
        recorded = before.get("restore_point")
        _require(recorded in (None, after.get("restore_point")), f"{name}: its restore point was changed")
        self._task(name, then, before, after)
        for tokens in LISTS:
            kept = list(after.get(tokens, ()))
            _require(
                not kept or kept[: len(before.get(tokens, ()))] == list(before.get(tokens, ())),
                f"{name}: {tokens} lost",
            )

    def _task(self, name: str, then: Deployment, before: dict, after: dict) -> None:
        """A task is claimed, which it may be again when nothing runs any more; or it is noted how it ended."""
        was, is_ = before.get("task_run") or {}, after.get("task_run") or {}
        if was == is_:
            return
        if was.get("claim") == is_.get("claim"):
            same = all(was.get(one) == is_.get(one) for one in ("number", "attempt", "since"))
            _require(same and set(was.get("done", ())) <= set(is_.get("done", ())), f"{name}: its task was changed")
            return
        self._allow(name, "a task", self._rules.claim_task(then))
        _require(is_["claim"] == was.get("claim", 0) + 1, f"{name}: a claim of a task was skipped")
        _require(is_["attempt"] <= ATTEMPTS, f"{name}: a task is begun {is_['attempt']} times")
        left = was and was["number"] == is_["number"]
        free = _time(was["since"]) + LONGEST_TASK if left else _time(before.get("tasks_until") or is_["since"])
        _require(free <= _time(is_["since"]), f"{name}: a task is begun while another may be running")

    def _step(self, then: Deployment, now: Deployment, *, hand_over: bool) -> str:
        """Why this step of a deployment's phase is not allowed."""
        rules = self._rules
        if now.phase is then.phase:
            taken = now.phase is Phase.ROLLING_BACK and now.rollback_execution != then.rollback_execution
            return rules.claim(then, former_runs=self._runs(str(then.rollback_execution))) if taken else ""
        alone = now.phase in ALONE or {then.phase, now.phase} == {Phase.RECEIVED, Phase.REJECTED}
        if now.phase is Phase.ROLLING_BACK:
            alone = then.phase in TOUCHED
        if not alone and not hand_over:
            return "it is not one transaction with the lock"
        nothing_recorded = now.phase is Phase.REJECTED and then.phase is Phase.ROLLING_BACK
        refused = rules.close_back(then, then.rollback_execution) if nothing_recorded else rules.refuse(then)
        reopened = "" if then.phase in TERMINAL else rules.claim(then, former_runs=False)
        return {
            Phase.QUEUED: rules.ask(then),
            Phase.STAGING: rules.record(then),
            Phase.SHIFTING: rules.begin_shift(then, now.weight),
            Phase.BAKING: "" if then.phase in TOUCHED else f"it is {then.phase}",
            Phase.ROLLING_BACK: reopened,  # What has ended is checked with the lock.
            Phase.SUCCEEDED: rules.succeed(then),
            Phase.ROLLED_BACK: rules.close_back(then, then.rollback_execution),
            Phase.ROLLBACK_FAILED: rules.close_back(then, then.rollback_execution),
            Phase.REJECTED: refused,
            Phase.SUPERSEDED: rules.refuse(then),
        }.get(now.phase, "no such step")

    def _change(self, before: dict, after: dict) -> None:
        """What was written of the visitors' traffic, whether it has arrived, and what begins or ends only then."""
        name, then, written = after["deployment_id"], _item(before), after.get("written")
        arrived = self._arrived.setdefault(name, set())
        if written and written != before.get("written"):
            self._allow(name, f"a change to {written['weight']} %", self._rules.note_change(then, written["weight"]))
            if written.get("arrived_at"):
                arrived.add(written["weight"])
        step = (after.get("bake") or {}).get("step")
        if step is not None and step != (before.get("bake") or {}).get("step"):
            self._allow(name, f"bake {step}", self._rules.bake(then, arrived=then.weight in arrived))
        now = _item(after)
        if now.phase is Phase.ROLLED_BACK and now.phase is not then.phase:
            self._allow(name, "ROLLED_BACK", self._rules.restored(then, arrived=0 in arrived))
        if now.phase is Phase.ROLLING_BACK and then.phase in TERMINAL:
            arrived.clear()

    def _kept(
        self,
        before: dict,
        after: dict,
        moved: Mapping[str, tuple[dict | None, dict]],
        locked: Mapping[str, tuple[dict, dict]],
    ) -> None:
        """What is kept after an end: its grace, a late alarm, and when the next releases had its visitors."""
        name, then, now = after["deployment_id"], _item(before), _item(after)
        was, is_ = ({one: item.get(one) or None for one in KEPT} for item in (before, after))
        ends, reopened = now.phase in TERMINAL and then.phase not in TERMINAL, then.phase in TERMINAL - {now.phase}
        if is_["late_alarm"] != was["late_alarm"]:
            known = was["late_alarm"] is not None
            _require(not known or is_["late_alarm"] is None, f"{name}: its late alarm was changed")
            _require(not known or then.phase is Phase.SUCCEEDED, f"{name}: its late alarm was forgotten")
            if not known:  # A grace that has just been ended is written again.
                self._allow(name, "late alarm", self._rules.accuse(now))
        if is_["grace_until"] != was["grace_until"] and not ends and not reopened:
            _require(then.phase in TERMINAL, f"{name}: what is kept of it was changed before its end")
            again = is_["grace_until"] and not was["late_alarm"] and is_["late_alarm"]
            _require(again or not is_["grace_until"], f"{name}: its grace was changed")
            accused = now.phase is Phase.SUCCEEDED and is_["late_alarm"] and not is_["grace_until"]
            lock = _lock_of(self._locks.get(_environment(after), {}))
            still = accused and not lock.held_by and self._brought(lock.live) == name
            _require(not still, f"{name}: its grace ends, and it is live and accused")
        if is_["overtaken"] != was["overtaken"]:
            self._allow(name, "overtaken", self._rules.overtake(then))
            self._overtaken(name, was["overtaken"] or [], is_["overtaken"] or [], moved, locked)
        if now.shifted and not then.shifted:
            self._led(after, moved)

    def _overtaken(
        self,
        name: str,
        was: Sequence[dict],
        is_: Sequence[dict],
        moved: Mapping[str, tuple[dict | None, dict]],
        locked: Mapping[str, tuple[dict, dict]],
    ) -> None:
        """Visitors are led away by the one that begins to shift, or back by the end of its rollback: in one write."""
        _require(bool(locked), f"{name}: who has its visitors is not noted in one transaction with the lock")
        _require([one["at"] for one in is_[: len(was)]] == [one["at"] for one in was], f"{name}: a time was forgotten")
        others = [(old, new) for other, (old, new) in moved.items() if other != name and old]
        began = any(_item(new).shifted and not _item(old).shifted for old, new in others if old)
        ended = any(new["phase"] == Phase.ROLLED_BACK != (old or {}).get("phase") for old, new in others)
        _require(began if len(is_) > len(was) else ended, f"{name}: nobody has led its visitors away, or back")

    def _led(self, after: dict, moved: Mapping[str, tuple[dict | None, dict]]) -> None:
        """Whoever begins to lead visitors away notes it on the release before, if that is guarded."""
        before = str(self._brought(after.get("previous", "")))
        known = self._deployments.get(before, {})
        guarded = known.get("phase") == Phase.SUCCEEDED and known.get("grace_until")
        noted = before in moved and len(moved[before][1].get("overtaken", ())) > len(known.get("overtaken", ()))
        _require(not guarded or noted, f"{before}: its visitors are led away, and that is not noted on it")

    def _quiet(
        self, environment: str, before: dict, after: dict, moved: Mapping[str, tuple[dict | None, dict]]
    ) -> None:
        """Deletions are announced only while nobody holds the lock, and what is announced is not taken back."""
        settles = (before.get("settles_at"), after.get("settles_at"))
        if settles[0] == settles[1] or moved:
            return
        self._allow(environment, "deletions", self._rules.keep_quiet(_lock_of(before)))
        _require(
            (settles[0] or "") <= (settles[1] or ""), f"{environment}: deletions that were announced are forgotten"
        )

    def _brought(self, live: object) -> object:
        """The release that brought what is live: those that changed nothing are passed over."""
        seen: set[object] = set()
        while (item := self._deployments.get(str(live))) and live not in seen:
            seen.add(live)
            unchanged = item["phase"] == Phase.SUCCEEDED and not _changed(item)
            if not unchanged or item.get("previous", "") not in self._deployments:
                break
            live = item["previous"]
        return live

    def _lock(self, environment: str, before: dict, after: dict, moved: Mapping[str, tuple[dict | None, dict]]) -> None:
        then, now = _lock_of(before), _lock_of(after)
        _require(after.get("revision", 0) == before.get("revision", 0) + 1, f"{environment}: the revision skips")
        if now.holder != then.holder and now.holder:
            _require(
                after.get("token", 0) == before.get("token", 0) + 1,
                f"{environment}: {now.holder} holds the lock without a new fencing token",
            )
            _require(str(now.holder) in moved, f"{environment}: {now.holder} holds the lock and was not told")
        for name, (old, new) in moved.items():
            if old is None:
                continue
            was, is_ = _item(old), _item(new)
            if is_.phase is Phase.ROLLING_BACK and was.phase in TERMINAL:
                live = self._brought(then.live)
                known = Lock(then.holder, then.waiting, name if live == name else then.live, then.held_by)
                self._allow(name, "reopened", self._rules.reopen(known, was))
        if now.live != then.live:
            self._live(environment, then, now, moved)
        if now.held_by != then.held_by and now.held_by in moved:
            phase = _item(moved[str(now.held_by)][1]).phase
            _require(phase is Phase.ROLLBACK_FAILED, f"{environment} is held by {now.held_by}, which is {phase}")

    def _live(self, environment: str, then: Lock, now: Lock, moved: Mapping[str, tuple[dict | None, dict]]) -> None:
        """What is live follows from an end or an unlock; or it is reopened, below releases that changed nothing."""
        for name, (_, after) in moved.items():
            phase = after["phase"]
            if (phase, now.live, now.holder) == (Phase.ROLLING_BACK, name, name) and self._brought(then.live) == name:
                return
            if (phase, now.live) in {(Phase.SUCCEEDED, name), (Phase.ROLLED_BACK, after.get("previous", ""))}:
                return
        holder = self._deployments.get(str(then.held_by))
        if holder is not None and now.live == then.held_by and not now.held_by:
            self._allow(str(now.live), "unlock", self._rules.unlock(then, _item(holder)))
            return
        raise ViolationError(f"{environment}: {now.live or 'nothing'} is live, and no end says so")

    def _whole(self, environment: str) -> None:
        """(L), and the waiting place."""
        lock = _lock_of(self._locks.get(environment, {}))
        for name, item in self._deployments.items():
            if _environment(item) != environment:
                continue
            deployment = _item(item)
            _require(
                holds(deployment) == (lock.holder == name),
                f"(L): {name} is {deployment.phase}, and the lock's holder is {lock.holder or 'nobody'}",
            )
            waits = deployment.phase is Phase.QUEUED and not deployment.granted
            _require(
                waits == (lock.waiting == name),
                f"{name} is {deployment.phase}, and {lock.waiting or 'nobody'} waits",
            )

    # Components.

    def deleted(self, environment: str, name: str, revision: str) -> None:
        """A revision of a component is deleted: never what is live, nor what a deployment on its way needs."""
        self.writes += 1
        live = self._locks.get(environment, {}).get("live")
        for one in self._deployments.values():
            if _environment(one) != environment:
                continue
            going = Phase(one["phase"]) in TOUCHED | {Phase.ROLLING_BACK}
            needed = [one.get("staged")] if one["deployment_id"] == live and not going else []
            needed += [one.get("staged"), one.get("restore_point")] if going else []
            for revisions in needed:
                found = ((revisions or {}).get(name) or {}).get("id")
                _require(found != revision, f"{name} {revision} is deleted, and {one['deployment_id']} needs it")

    def component(self, environment: str, name: str, seal: str) -> None:
        """A write of a component takes effect; `seal` is what it carries: `7 forward`, or "" for somebody else's."""
        self.writes += 1
        token, _, way = seal.partition(" ")
        key = f"{environment} {name}"
        before = self._seals.get(key, ("", ""))
        self._seals[key] = (token, way)
        if not way:
            return
        same = [one for one in self._deployments.values() if str(one.get("fencing_token", 0)) == token]
        holder = self._locks.get(environment, {}).get("holder")
        # Tokens differ within an environment, unless a test has made releases that were never granted the lock.
        ours = sorted(
            (one for one in same if _environment(one) == environment), key=lambda one: one["deployment_id"] != holder
        )
        if not ours:
            raise ViolationError(f"{name}: no deployment has the fencing token {token}")
        item = ours[0]
        on = before[1] if before[0] == token else ""
        said = f"{item['deployment_id']}: a write ({way}) of {name} takes effect"
        if reason := self._rules.land(_item(item), way, on):
            raise ViolationError(f"{said}: {reason}")

    def itself(self, environment: str, name: str) -> None:
        """A component itself gets other contents: of the release that holds the lock, or stable's after it."""
        self.writes += 1
        holder = self._deployments.get(str(self._locks.get(environment, {}).get("holder")))
        _require(holder is not None, f"{name} itself is changed, and nobody holds the lock")
        item = _item(holder or {})
        forward, back = (self._rules.write_in_place(item, way) for way in ("forward", "back"))
        _require(not forward or not back, f"{item.id}: {name} itself is changed: {forward}")

    def alias(self, environment: str, name: str, description: str) -> None:
        """An alias has been updated; its description holds the seal."""
        self.component(environment, name, description.removeprefix(SEALED) if description.startswith(SEALED) else "")

    def site(self, environment: str, name: str, code: bytes) -> None:
        """A routing function has been published; its code holds the seal."""
        try:
            seal = parse(code).seal
        except ChangedByOthersError:
            seal = ""
        self.component(environment, name, seal)

    def _allow(self, name: str, what: str, reason: str) -> None:
        _require(not reason, f"{name}: {what} is not allowed: {reason}")


def _item(item: Mapping[str, Any]) -> Deployment:
    reached = item.get("reached", 0) or item.get("weight", 0)
    return Deployment(
        item["deployment_id"],
        Phase(item["phase"]),
        item.get("fencing_token", 0) > 0,
        bool(item.get("trip")),
        item.get("weight", 0),
        reached > 0,
        item.get("rollback_execution_arn", ""),
        bool(item.get("grace_until")),
    )


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _changed(item: Mapping[str, Any]) -> bool:
    """Whether a release brought anything that was not there before."""
    before, staged = (
        {name: one["id"] for name, one in (item.get(which) or {}).items()} for which in ("restore_point", "staged")
    )
    return any(before.get(name) != revision for name, revision in staged.items())


def _lock_of(item: Mapping[str, Any]) -> Lock:
    waiting = item.get("waiting") or {}
    return Lock(item.get("holder", ""), waiting.get("deployment_id", ""), item.get("live", ""), item.get("held_by", ""))


def _environment(item: Mapping[str, Any]) -> str:
    return f"{item['application']}/{item['environment']}"


def _require(fine: bool, what: str) -> None:
    if not fine:
        raise ViolationError(what)
