"""One local AWS with everything deployed, for all tests that release to it."""

import os
from collections import Counter
from collections.abc import Generator, Iterator
from contextlib import contextmanager

import pytest

from selfright.local import emulator
from selfright.local.installation import LocalPreference, install
from selfright.local.local_weather import LocalWeather
from selfright.local.place import LocalFolder, is_free
from tests.e2e.enforcing import a_releaser, denials, enforcing, match_aws
from tests.e2e.lab import Lab
from tests.e2e.waiting import members, until
from tests.ports import PORT, SEED

CARE = LocalPreference(
    steps=(),
    final_bake="0s",
    judge={"evaluate_every": "1s", "period": "1s", "minimum_requests": 0, "tolerance": 0.05},
    alarm={"threshold": 3, "period": "5s"},
)


WEATHER = LocalWeather(os.environ.get("SELFRIGHT_WEATHER", "still"), SEED)  # type: ignore[arg-type] - it refuses what it does not know
"""The weather of the lab: still, unless `./dev test --weather` says something else."""

STARTS = 2
"""So often the local AWS may fail to start; then no further test waits for it."""


class Labs:
    """The lab that all tests share, until one of them fails: the next test gets a new one."""

    def __init__(self, folders: pytest.TempPathFactory, weather: LocalWeather) -> None:
        self._folders, self._weather, self._failed_starts = folders, weather, 0
        self._lab: Lab | None = None
        self.spoilt = False

    def lend(self) -> Lab:
        """A lab on which no test has failed."""
        if self.spoilt:
            self.stop()
        if self._failed_starts == STARTS:
            pytest.fail("The local AWS could not be started; an earlier test says why.")
        if self._lab is None:
            self._failed_starts += 1
            self._lab = self._new()
            self._failed_starts, self.spoilt = 0, False
        return self._lab

    def _new(self) -> Lab:
        """A local AWS with a first release live, and with IAM enforced."""
        folder = self._folders.mktemp("lab")
        try:
            with enforcing():
                running = install(
                    lambda _: None,
                    folder=folder / "local",
                    attached=True,
                    preference=CARE,
                    weather=self._weather,
                    port=PORT,
                )
                lab = Lab(running, folder)
            match_aws(lab)
            lab.person = a_releaser(lab)
            lab.listen()
            ended = lab.ended(lab.release())
            assert ended.phase == "SUCCEEDED", ended.reason
        except BaseException:
            emulator.stop(folder / "local")
            raise
        return lab

    def stop(self) -> None:
        """Stop the lab if there is one; nothing of it may be left."""
        lab, self._lab = self._lab, None
        if lab:
            emulator.stop(lab.folder / "local")
            assert members(lab.running) == []
            assert is_free(lab.running.port)
            assert is_free(lab.running.edge_port)
            assert not LocalFolder(lab.folder / "local").work.exists()

    def close(self) -> None:
        """At the end: each end was notified once, and no function was denied a call that it needs."""
        lab = self._lab
        try:
            if lab and not self.spoilt:
                told = Counter(deployment for deployment, _ in lab.notifications())
                assert told == {deployment: lab.kinds(deployment).count("closed") for deployment in told}
                assert denials(lab) == []
        finally:
            self.stop()


LABS: pytest.StashKey[Labs] = pytest.StashKey()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Remember that a test has failed on the lab, because the lab's state is then unknown."""
    report = yield
    if report.failed and LABS in item.session.stash and "labs" in getattr(item, "fixturenames", ()):
        item.session.stash[LABS].spoilt = True
    return report


@contextmanager
def lending(request: pytest.FixtureRequest, folders: pytest.TempPathFactory, weather: LocalWeather) -> Iterator[Labs]:
    """Labs in this weather, while others may have some in another one."""
    stash = request.session.stash
    before = stash.get(LABS, None)
    stash[LABS] = labs = Labs(folders, weather)
    try:
        yield labs
        labs.close()
    finally:
        if before:
            stash[LABS] = before
        labs.stop()


@pytest.fixture(scope="session")
def labs(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Labs]:
    """The source of labs for tests."""
    with lending(request, tmp_path_factory, WEATHER) as labs:
        yield labs


@pytest.fixture
def installation(labs: Labs) -> Lab:
    """The local AWS with a first release live, and with IAM enforced."""
    return labs.lend()


@pytest.fixture
def lab(installation: Lab, labs: Labs) -> Iterator[Lab]:
    """The installation as every test finds and leaves it: nothing on its way, a good version live for all visitors."""
    installation.set_bakes()
    yield installation
    if labs.spoilt:
        return
    installation.until_calm()
    lock = installation.lock()
    assert (lock.holder, lock.waiting, lock.held) == ("", None, "")
    live = installation.ledger.get(lock.live)
    assert live.phase == "SUCCEEDED"
    until("all visitors have it", lambda: installation.live().is_only(live.version))
