"""Virtual time, and who goes on: a queue of moments, and threads of which exactly one runs.

Whoever has the baton takes the next moment from the queue: an action is done at once, an actor gets the baton. Chance
comes from one seeded generator, and only the one with the baton asks it. So a seed repeats a run to the letter.
"""

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from itertools import count
from random import Random
from threading import Lock, Thread

START = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
TICK = 1e-5
"""Seconds that pass whenever somebody reads the clock, so that what one actor writes has an order."""


class Died(BaseException):
    """The process of this actor is dead: nothing that it does has an effect any more."""


class Timer:
    """An action at a moment; it can be cancelled until then."""

    __slots__ = ("action",)

    def __init__(self, action: "Callable[[], object] | Actor | None") -> None:
        self.action = action

    def cancel(self) -> None:
        """Let the moment pass without the action."""
        self.action = None


class Process:
    """What dies as a whole: a function's invocation with all its threads, or a person's command.

    `name` says which; `deadline` is the moment (in the scheduler's seconds) at which the function's time is over.
    """

    def __init__(self, name: str, deadline: float = float("inf")) -> None:
        self.name, self.deadline = name, deadline
        self.dead = False
        self.on_death: Callable[[], object] = lambda: None

    def die(self) -> None:
        """End: its actors notice at their next call, and have no effect until then."""
        if not self.dead:
            self.dead = True
            self.on_death()


class Actor:
    """One thread of a process."""

    __slots__ = ("baton", "body", "process")

    def __init__(self, process: Process, body: Callable[[], object]) -> None:
        self.process, self.body = process, body
        self.baton: _Thread | None = None


class _Thread(Thread):
    """A thread that plays one actor after the other; threads are kept for the next run."""

    idle: "list[_Thread]" = []  # noqa: RUF012 - shared on purpose

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.turn = Lock()
        self.turn.acquire()
        self.play: Callable[[], None] | None = None
        self.start()

    def run(self) -> None:
        while True:
            self.turn.acquire()
            play, self.play = self.play, None
            assert play is not None
            play()


os.register_at_fork(after_in_child=_Thread.idle.clear)  # A child has none of its parent's threads.


class Scheduler:
    """The run's clock, its chance and its actors."""

    def __init__(self, seed: int | str) -> None:
        self.chance = Random(seed)
        self.seconds = 0.0
        self.current: Actor | None = None
        self.failure: BaseException | None = None
        self._queue: list[tuple[float, int, Timer]] = []
        self._numbers = count()
        self._main = Lock()
        self._main.acquire()
        self._over = self._closing = False
        self._alive: dict[Actor, None] = {}

    def now(self) -> datetime:
        """The time now."""
        self.seconds += TICK
        return START + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        """Seconds since the run began."""
        self.seconds += TICK
        return self.seconds

    def after(self, seconds: float, action: "Callable[[], object] | Actor") -> Timer:
        """Do something so many seconds from now."""
        timer = Timer(action)
        heappush(self._queue, (self.seconds + max(0.0, seconds), next(self._numbers), timer))
        return timer

    def spawn(self, process: Process, body: Callable[[], object], after: float = 0.0) -> Actor:
        """Begin an actor."""
        actor = Actor(process, body)
        self._alive[actor] = None
        self.after(after, actor)
        return actor

    # What an actor does

    def sleep(self, seconds: float) -> None:
        """The current actor waits; raises `Died` when its process is dead by then."""
        me = self._me()
        self.after(seconds, me)
        self._drive(me)
        self.check(me)

    def block(self) -> Callable[[], None]:
        """What wakes the current actor, for whoever will; it must call `wait` after this."""
        me = self._me()
        return lambda: self.after(0, me) and None

    def wait(self) -> None:
        """The current actor waits until it is woken."""
        me = self._me()
        self._drive(me)
        self.check(me)

    def check(self, actor: Actor | None = None) -> None:
        """Raise `Died` when the actor's process is dead or its time is over."""
        process = (actor or self._me()).process
        if process.dead or self._closing or self.seconds >= process.deadline:
            process.die()
            raise Died(process.name)

    def _me(self) -> Actor:
        if self.current is None:
            raise RuntimeError("only an actor can wait")
        if self._closing:
            raise Died(self.current.process.name)
        return self.current

    # The baton

    def run(self, until: float) -> None:
        """Let everything happen until `stop`, or up to that moment; raises what broke the simulation itself."""
        self._over = False
        limit = self.after(until - self.seconds, self.stop)
        self._drive(None)
        limit.cancel()
        if self.failure:
            raise self.failure

    @property
    def busy(self) -> int:
        """How many actors have not ended."""
        return len(self._alive)

    def stop(self) -> None:
        """Give the baton back to the one who called `run`."""
        self._over = True

    def close(self) -> None:
        """End all actors: each unwinds, without any effect."""
        self._closing = True
        for actor in list(self._alive):
            if actor.baton is None:
                continue  # It never began.
            self.current = actor
            actor.baton.turn.release()
            self._main.acquire()
        self._alive.clear()

    def _drive(self, me: Actor | None) -> None:
        """Let others go on until it is the turn of `me` (None: of the one who called `run`)."""
        following = self._next()
        if following is me:
            return
        if following is None:
            self._main.release()
        else:
            self._hand_to(following)
        (me.baton.turn if me and me.baton else self._main).acquire()
        if me is None:
            self.current = None
        elif self._closing:
            raise Died(me.process.name)

    def _next(self) -> Actor | None:
        """Do what is due until it is an actor's turn, and return that one; None when the run is over."""
        self.current = None
        while not self._over and self._queue:
            moment, _, timer = heappop(self._queue)
            action = timer.action
            if action is None:
                continue
            self.seconds = max(self.seconds, moment)
            if isinstance(action, Actor):
                self.current = action
                return action
            self._do(action)
        self._over = True
        return None

    def _do(self, action: Callable[[], object]) -> None:
        try:
            action()
        except BaseException as error:  # noqa: BLE001 - the run itself is broken: the main thread raises it
            self.failure, self._over = error, True

    def _hand_to(self, actor: Actor) -> None:
        if actor.baton is None:
            actor.baton = _Thread.idle.pop() if _Thread.idle else _Thread()
            actor.baton.play = lambda: self._play(actor)
        actor.baton.turn.release()

    def _play(self, actor: Actor) -> None:
        thread = actor.baton
        assert thread is not None
        try:
            if not self._closing:
                actor.body()
        except Died:
            pass
        except BaseException as error:  # noqa: BLE001 - as above
            self.failure, self._over = error, True
        self._alive.pop(actor, None)
        following = None if self._closing else self._next()
        _Thread.idle.append(thread)
        if following is None:
            self._main.release()
        else:
            self._hand_to(following)
