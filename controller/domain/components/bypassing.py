"""Who calls a component past its traffic, and so runs what is only staged; and what follows from it for a release."""

from collections.abc import Iterator
from dataclasses import dataclass

from controller.domain.components.target import Target

REFUSE = "refuse"
ADVICE = (
    "Point these callers to the alias, and take their permissions from the function itself; or set `when_bypassed: say`"
    " for this component in the environment. Then upload the bundle again."
)
UNREAD_ADVICE = (
    "Allow these calls to whoever makes them: the deploy role gets them when the application's stack is deployed again."
    " Or set `when_bypassed: say` for this component in the environment. Then upload the bundle again."
)


@dataclass(frozen=True)
class Bypassing:
    """What was found, in a few words each.

    `callers` were seen. `unread` are lists that could not be read, which somebody can correct. `beyond` are those that
    are too long to be looked at: nobody can know more, so they are said and never refuse a release.
    """

    callers: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    beyond: tuple[str, ...] = ()

    def said(self, target: Target) -> tuple[str, ...]:
        """All of it, a sentence or two each."""
        return tuple(self._sentences(target.entrance))

    def _sentences(self, entrance: str) -> Iterator[str]:
        if self.callers:
            yield (
                f"It is called without its alias, by {'; '.join(self.callers)}. They run what is staged before any"
                f" check, and are not divided; what calls {entrance} is."
            )
        perhaps = "Others may call it without its alias, because"
        if self.unread:
            yield f"{perhaps} this could not be read: {'; '.join(self.unread)}."
        for one in self.beyond:
            yield f"{perhaps} {one}. Look yourself whether all that call it call {entrance}."

    def refusal(self, target: Target) -> tuple[str, str]:
        """Why the environment does not let a release begin, and what to do; "" twice when it does."""
        if target.when_bypassed != REFUSE or not (self.callers or self.unread):
            return "", ""
        return " ".join(self.said(target)), ADVICE if self.callers else UNREAD_ADVICE
