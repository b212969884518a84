"""The ways in which a Task fails."""


class Failure(BaseException):
    """A failure that is not the function's own: no handler can catch it."""


class Throttled(Failure):
    """The service refuses the call for the moment."""


class Broken(Failure):
    """The function fails for good: its process dies, or it raises."""


class TimedOut(Failure):
    """The Task's time is over; its function may still be running."""
