"""A run: facts side by side, and a sandbox that is deleted whatever happens."""

from collections.abc import Iterator, Mapping
from threading import Barrier

import pytest

from selfright.account.account import Account
from selfright.proving import run
from selfright.proving.fact import Fact
from selfright.proving.results import Finding, Measured, NotMeasured
from selfright.proving.run import LAST, Prover
from selfright.proving.sandbox.creating import AnotherRunError
from selfright.proving.scene import RunClock, Scene, Stopped
from selfright.weather import Weather
from tests.unit.proving.late_account import LateAccount


class Watched(Prover):
    """A prover that only notes that it would delete the sandbox."""

    cleaned = 0

    def clean(self) -> list[str]:
        """Note it."""
        self.cleaned += 1
        return []


def a_prover() -> Watched:
    """A prover of an account that is never called."""
    return Watched(Account(), lambda _: None, lambda service: service, RunClock())


def a_fact(name: str, on: str, found: list[str], barrier: Barrier | None = None) -> Fact:
    """A fact that notes when it is measured."""

    def measure(_: Scene) -> Iterator[Finding]:
        if barrier:
            barrier.wait(10)
        found.append(name)
        yield Measured(name)

    return Fact(name, on, "?", "somehow.", measure)


@pytest.fixture
def scene() -> Scene:
    """Any scene with a real clock, because facts run in threads."""
    account = LateAccount(Weather("still"))
    return Scene({}, account.client, RunClock())


def test_facts_on_different_things_are_measured_at_the_same_time(scene: Scene) -> None:
    """Each waits for the other here, so one after another they would never end."""
    prover, barrier, order = a_prover(), Barrier(2), list[str]()
    facts = [a_fact("alias", "function", order, barrier), a_fact("edge", "distribution", order, barrier)]
    prover.measure(scene, facts)
    assert [one.name for one in prover.answers(facts)] == ["alias", "edge"]


def test_facts_on_one_thing_are_measured_one_after_another_and_releases_last(scene: Scene) -> None:
    """In their order."""
    prover, order = a_prover(), list[str]()
    facts = [a_fact(name, on, order) for name, on in (("r", LAST), ("a", "function"), ("b", "function"))]
    prover.measure(scene, facts)
    assert order == ["a", "b", "r"]


def test_what_a_stopped_run_did_not_come_to_is_said(scene: Scene) -> None:
    """Its report has every fact."""
    prover, order = a_prover(), list[str]()

    def stop(one: Scene) -> Iterator[Finding]:
        one.clock.stop()
        one.clock.check()
        yield Measured("never")

    facts = [a_fact("a", "function", order), Fact("b", "function", "?", "stopping.", stop), a_fact("r", LAST, order)]
    with pytest.raises(Stopped):
        prover.measure(scene, facts)
    first, second, third = prover.answers(facts)
    assert first.is_complete
    assert second.findings == third.findings == (NotMeasured("all of it", "the run was stopped before"),)


@pytest.mark.parametrize("trouble", [KeyboardInterrupt, ValueError])
def test_the_sandbox_is_deleted_after_an_error_and_after_ctrl_c(
    trouble: type[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once, and the error goes on."""
    prover = a_prover()
    monkeypatch.setattr(run, "create", lambda *_: {"Bucket": "files"})

    def stopped() -> None:
        with prover.sandbox({}, 1) as scene:
            assert scene.outputs == {"Bucket": "files"}
            raise trouble

    with pytest.raises(trouble):
        stopped()
    assert prover.cleaned == 1


def test_a_half_created_sandbox_is_deleted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also when Ctrl-C comes while it is created."""
    prover = a_prover()

    def create(*_: object) -> Mapping[str, str]:
        raise KeyboardInterrupt

    monkeypatch.setattr(run, "create", create)
    with pytest.raises(KeyboardInterrupt), prover.sandbox({}, 1):
        pass
    assert prover.cleaned == 1


def test_the_sandbox_of_another_run_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Deleting it would break that run."""
    prover = a_prover()

    def create(*_: object) -> Mapping[str, str]:
        raise AnotherRunError

    monkeypatch.setattr(run, "create", create)
    with pytest.raises(AnotherRunError, match="another run"), prover.sandbox({}, 1):
        pass
    assert prover.cleaned == 0
