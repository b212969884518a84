"""Components in memory: their traffic moves like that of real components, but at once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from controller.domain.checks.check import CheckResult
from controller.domain.checks.verification import AnyCheck
from controller.domain.components.artifact import Artifact
from controller.domain.components.bypassing import Bypassing
from controller.domain.components.contents import Contents
from controller.domain.deployment import Left, Pending, Revision
from controller.domain.environment import Environment
from controller.domain.strategy import ALL
from controller.errors import ChangedByOthersError, NotFoundError
from controller.ports import components as ports


@dataclass
class FakeComponent:
    """A component whose traffic is `live` and, for `weight` percent of the visitors, `canary`.

    As on AWS, every write depends on the state that was read. `before_check` runs between reading it and asking the
    fence, and `before_write` between the fence's answer and the write. Everything that touches traffic raises `broken`.
    The first calls return what is in `pending`, and the first reads of what is live say what is in `old`.
    """

    live: str
    canary: str = ""
    weight: int = 0
    next: str = ""
    pending: list[Pending] = field(default_factory=list)
    old: list[str | Exception] = field(default_factory=list)
    indivisible: str | Exception = ""
    left: Left | None = None
    late: list[str] = field(default_factory=list)
    publication: str = ""
    seal: str = ""
    gone: set[str] = field(default_factory=set)
    edits: int = 0
    moves: list[int] = field(default_factory=list)
    failing: set[str] = field(default_factory=set)
    broken: Exception | None = None
    pruned: list[tuple[set[str], int]] = field(default_factory=list)
    discarded: list[str] = field(default_factory=list)
    unstaged: list[str] = field(default_factory=list)
    bypassing: Bypassing = field(default_factory=Bypassing)
    before_check: Callable[[], None] = lambda: None
    before_write: Callable[[], None] = lambda: None
    before_discard: Callable[[], None] = lambda: None

    def current(self) -> Revision:
        """The live revision, if traffic is not split."""
        self._raise_if_broken()
        if self.old:
            return self._old_read()
        if self.weight:
            raise ChangedByOthersError(f"traffic is split between {self.live} and {self.canary}")
        return Revision(self.live)

    def why_indivisible(self, artifact: Artifact, bundle: Contents, live: Revision) -> str:
        """The reason in `indivisible`, if staging would change anything."""
        assert bundle.names
        if isinstance(self.indivisible, Exception):
            raise self.indivisible
        return self.indivisible if self.next not in {"", live.id} else ""

    def bypassed_by(self) -> Bypassing:
        """Whoever is in `bypassing`."""
        return self.bypassing

    def stage(self, artifact: Artifact, bundle: Contents) -> Revision | Pending:
        """The revision in `next`, or the live one."""
        assert bundle.names
        assert artifact.digest
        if self.pending:
            return self.pending.pop(0)
        changes = self.next not in {"", self.live}
        return Revision(self.next or self.live, indivisible=str(self.indivisible) if changes else "")

    def check(self, revision: Revision, checks: Sequence[AnyCheck]) -> Sequence[CheckResult]:
        """All checks pass, except for revisions in `failing`."""
        assert revision.id in {self.next, self.live}
        return [CheckResult(check.name, revision.id not in self.failing, "it was tested") for check in checks]

    def has(self, revision: Revision) -> bool:
        """Every revision exists, except those that are `gone`."""
        return revision.id not in self.gone

    def shift(self, stable: Revision, canary: Revision, weight: int, fence: ports.Fence) -> None:
        """Like real components: read, ask the fence, write if the state is unchanged."""
        self._move(stable, canary, weight, fence)

    def restore(self, stable: Revision, canary: Revision | None, fence: ports.Fence) -> Pending | Left | None:
        """Like real components: write nothing when the state is restored and sealed already."""
        if self.pending:
            return self.pending.pop(0)
        self._move(stable, canary or stable, 0, fence)
        return self.left

    def arrival(self, stable: Revision, canary: Revision, weight: int, checks: Sequence[AnyCheck]) -> ports.Arrival:
        """The answers in `late`, one after the other; then: it has arrived, if `publication` answers that it has."""
        self._raise_if_broken()
        return ports.Arrival(self.late.pop(0) if self.late else "", self.publication)

    def prune(self, keep: Sequence[Revision], count: int) -> int:
        """Record what is to be kept."""
        self._raise_if_broken()
        self.before_discard()
        self.pruned.append(({revision.id for revision in keep}, count))
        return 1

    def unstage(self, artifact: Artifact, bundle: Contents, stable: Revision) -> Pending | Left | None:
        """Record the revision; the first calls return what is in `pending`, then `left`."""
        assert bundle.names
        assert artifact.digest
        self._raise_if_broken()
        if self.pending:
            return self.pending.pop(0)
        self.unstaged.append(stable.id)
        return self.left

    def discard(self, revision: Revision) -> bool:
        """Record what is discarded, once; never what is live."""
        self._raise_if_broken()
        self.before_discard()
        if revision.id in {self.live, self.canary, *self.discarded}:
            return False
        self.discarded.append(revision.id)
        return True

    def edit(self, live: str) -> None:
        """A person changes the traffic by hand."""
        self.live, self.canary, self.weight, self.edits = live, "", 0, self.edits + 1

    def _old_read(self) -> Revision:
        read = self.old.pop(0)
        if isinstance(read, Exception):
            raise read
        return Revision(read)

    def _raise_if_broken(self) -> None:
        if self.broken:
            raise self.broken

    def _move(self, stable: Revision, canary: Revision, weight: int, fence: ports.Fence) -> None:
        self._raise_if_broken()
        edits = self.edits
        if not {self.live, self.canary} <= {stable.id, canary.id, ""}:
            raise ChangedByOthersError(f"it is on {self.live}, not on {stable.id}")
        wanted = (canary.id, "", 0) if weight == ALL else (stable.id, canary.id if weight else "", weight)
        sealed = fence.way == "forward" or self.seal == fence.seal
        if wanted == (self.live, self.canary, self.weight) and sealed:
            return
        self.before_check()
        fence.check()
        self.before_write()
        if self.edits != edits:
            self._move(stable, canary, weight, fence)
            return
        self.live, self.canary, self.weight = wanted
        self.seal = fence.seal
        self.edits += 1
        self.moves.append(weight)


@dataclass
class FakeComponents:
    """The components in `known`, by name."""

    known: dict[str, FakeComponent] = field(default_factory=dict)
    made_ready: list[str] = field(default_factory=list)
    contexts: dict[str, ports.Context | None] = field(default_factory=dict)

    def make_ready(self, environment: Environment) -> None:
        """Record the environment."""
        self.made_ready.append(environment.key)

    def get(
        self, environment: Environment, name: str, *, urgent: bool = False, context: ports.Context | None = None
    ) -> ports.Component:
        """The component, or `NotFoundError`."""
        if name not in environment.components:
            raise NotFoundError(f"{environment.key} has no component {name}")
        self.contexts[name] = context
        return self.known[name]
