"""One local AWS with everything deployed, for all tests that release to it."""

from collections import Counter
from collections.abc import Iterator

import pytest

from selfright.local import emulator
from selfright.local.installation import Care, install
from selfright.local.place import Place, is_free
from tests.e2e.enforcing import a_releaser, denials, enforcing, put_right
from tests.e2e.lab import Lab
from tests.e2e.waiting import members

CARE = Care(
    steps=(),
    final_bake=0,
    judge={"evaluate_every": 1, "period_seconds": 1, "minimum_requests": 0, "tolerance": 0.05},
    alarm={"threshold": 3, "period_seconds": 5},
)


@pytest.fixture(scope="session")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """The local AWS with a first release live, and with IAM enforced; afterwards nothing of it may be left."""
    folder = tmp_path_factory.mktemp("lab")
    with enforcing():
        running = install(lambda _: None, folder=folder / "local", attached=True, care=CARE)
    lab = Lab(running, folder)
    try:
        put_right(lab)
        lab.person = a_releaser(lab)
        lab.listen()
        ended = lab.ended(lab.release())
        assert ended.phase == "SUCCEEDED", ended.reason
        yield lab
        told = Counter(deployment for deployment, _ in lab.notifications())
        assert told == {deployment: lab.kinds(deployment).count("closed") for deployment in told}
        assert denials(lab) == []
    finally:
        emulator.stop(folder / "local")
    assert members(running) == []
    assert is_free(running.port)
    assert is_free(running.edge_port)
    assert not Place(folder / "local").work.exists()


@pytest.fixture
def lab(installation: Lab) -> Iterator[Lab]:
    """The installation as every test finds and leaves it: nothing on its way, a good version live for everybody."""
    installation.careful()
    yield installation
    installation.calm()
    lock = installation.lock()
    assert (lock.holder, lock.waiting, lock.held) == ("", None, "")
    live = installation.ledger.get(lock.live)
    assert live.phase == "SUCCEEDED"
    assert installation.live().is_only(live.version)
