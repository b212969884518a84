"""What product code uses of `threading` and `concurrent.futures`, made of actors: so that nothing runs by itself."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from types import TracebackType
from typing import Any, Self

from tests.simulation.engine.scheduler import Died, Scheduler


class Threads:
    """The scheduler whose actors the locks and pools below work with: the one of the run that is under way."""

    scheduler: Scheduler | None = None

    @classmethod
    def of_run(cls) -> Scheduler | None:
        """The scheduler, if an actor is running; outside a run everything happens at once."""
        found = cls.scheduler
        return found if found is not None and found.current is not None else None


class SimulatedLock:
    """A lock among actors."""

    def __init__(self) -> None:
        self._held = False
        self._waiting: list[Callable[[], None]] = []

    def __enter__(self) -> Self:
        scheduler = Threads.of_run()
        while self._held and scheduler:
            self._waiting.append(scheduler.block())
            scheduler.wait()
        self._held = True
        return self

    def __exit__(self, *_: object) -> None:
        self._held = False
        if self._waiting:
            self._waiting.pop(0)()


class SimulatedCondition(SimulatedLock):
    """A condition among actors."""

    def __init__(self) -> None:
        super().__init__()
        self._asking: list[Callable[[], None]] = []

    def wait_for(self, predicate: Callable[[], bool]) -> bool:
        """Wait until it holds; the lock is free meanwhile."""
        scheduler = Threads.of_run()
        while not predicate():
            assert scheduler, "only an actor can wait"
            self._asking.append(scheduler.block())
            self.__exit__()
            scheduler.wait()
            self.__enter__()
        return True

    def notify_all(self) -> None:
        """Wake all that wait."""
        asking, self._asking = self._asking, []
        for wake in asking:
            wake()


class SimulatedPool:
    """A pool of threads: each piece of work is an actor of the process that made the pool."""

    def __init__(self, max_workers: int = 1) -> None:
        self._free = max_workers
        self._waiting: list[Callable[[], None]] = []
        self._unfinished: dict[Future[Any], None] = {}
        self._watching: list[Callable[[], None]] = []

    def submit(self, work: Callable[..., Any], *arguments: object) -> "Future[Any]":
        """Begin the work as soon as a worker is free."""
        future: Future[Any] = Future()
        scheduler = Threads.of_run()
        if scheduler is None:
            _do(future, work, arguments)
            return future
        process = scheduler.current.process  # type: ignore[union-attr]
        self._unfinished[future] = None

        def play() -> None:
            try:
                if not future.cancelled():
                    _do(future, work, arguments)
            finally:
                self._ended(future)

        def begin() -> None:
            scheduler.spawn(process, play, scheduler.chance.random() / 1000)

        if self._free:
            self._free -= 1
            begin()
        else:
            self._waiting.append(begin)
        return future

    def map(self, work: Callable[..., Any], *items: Iterable[Any]) -> Iterator[Any]:
        """The results in order; the first failure is raised."""
        futures = [self.submit(work, *some) for some in zip(*items, strict=False)]
        for future in futures:
            yield self._result(future)

    def shutdown(self, *, wait: bool = True, cancel_futures: bool = False) -> None:
        """Wait for all; with `cancel_futures`, what has not begun never will."""
        if cancel_futures:
            dropped, self._waiting = self._waiting, []
            for future in list(self._unfinished)[-len(dropped) :] if dropped else []:
                future.cancel()
                self._unfinished.pop(future)
        while wait and self._unfinished:
            self._wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not isinstance(error, Died):  # The threads of a dead process die by themselves.
            self.shutdown()

    def _ended(self, future: "Future[Any]") -> None:
        self._unfinished.pop(future, None)
        if self._waiting:
            self._waiting.pop(0)()
        else:
            self._free += 1
        watching, self._watching = self._watching, []
        for wake in watching:
            wake()

    def _result(self, future: "Future[Any]") -> Any:  # noqa: ANN401
        while not future.done():
            self._wait()
        return future.result()

    def _wait(self) -> None:
        scheduler = Threads.of_run()
        if scheduler is None:
            raise Died("the pool of a dead process")
        self._watching.append(scheduler.block())
        scheduler.wait()


def _do(future: "Future[Any]", work: Callable[..., Any], arguments: tuple[object, ...]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        future.set_result(work(*arguments))
    except BaseException as error:
        future.set_exception(error)
        if isinstance(error, Died):
            raise
