"""How others find a local AWS that runs here."""

import fcntl
from pathlib import Path

from selfright.local_state import LocalAws, LocalState, in_use


def test_a_state_without_a_lock_is_stale(tmp_path: Path) -> None:
    """What the state file says counts only while somebody holds the lock."""
    state = LocalState(tmp_path)
    state.write(LocalAws(1, 2, 3, (4, 5)))
    assert state.read() == LocalAws(1, 2, 3, (4, 5))
    assert not state.alive()
    with state.lock.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert state.alive()
    assert not state.alive()


def test_a_torn_state_is_no_state(tmp_path: Path) -> None:
    """A state file that is no JSON counts as none."""
    (tmp_path / "state.json").write_text("{")
    assert LocalState(tmp_path).read() is None


def test_the_local_aws_in_use_is_the_one_at_the_endpoint(tmp_path: Path) -> None:
    """Another endpoint, or none, is another AWS, even while a local one runs."""
    state = LocalState(tmp_path)
    assert in_use(state, {"AWS_ENDPOINT_URL": "http://127.0.0.1:4566"}) is None
    running = LocalAws(4566, 8780, 1, (2,), "storm", 0.25)
    state.write(running)
    assert in_use(state, running.variables()) == running
    assert in_use(state, {"AWS_ENDPOINT_URL": "http://127.0.0.1:4566/"}) == running
    assert in_use(state, {"AWS_ENDPOINT_URL": "http://127.0.0.1:4567"}) is None
    assert in_use(state, {}) is None
