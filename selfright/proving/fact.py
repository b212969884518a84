"""A fact about AWS that only an account can settle."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from selfright.errors import AdviceError, advise
from selfright.proving.results import FactReport, Finding, NotMeasured
from selfright.proving.scene import Scene, Stopped

NOTHING = "nothing"
"""What a fact is measured on that only reads the account: it needs no sandbox."""


class NoFurtherError(AdviceError):
    """An error after which the run cannot go on: it is no answer of a fact."""


Measure = Callable[[Scene], Iterator[Finding]]


@dataclass(frozen=True)
class Fact:
    """One fact as data.

    `on` names what it changes: facts on the same thing are measured one after another, others at the same time.
    `how` says how it is measured, in one or two sentences. `minutes` is about how long that takes in an account.
    """

    name: str
    on: str
    question: str
    how: str
    measure: Measure
    minutes: float = 1

    def answer(self, scene: Scene) -> FactReport:
        """Measure it; whatever goes wrong is said in the answer, and stops no other fact.

        Raises `Stopped` when the person has stopped the run, `NoFurtherError` when it cannot go on.
        """
        found: list[Finding] = []
        try:
            for finding in self.measure(scene):
                found.append(finding)  # noqa: PERF402 - those before an error are kept
        except (Stopped, NoFurtherError):
            raise
        except Exception as error:  # noqa: BLE001 - the answer says what it was
            found.append(NotMeasured("the rest" if found else "all of it", reason(error)))
        return FactReport(self.name, self.question, self.how, tuple(found))

    def left_out(self, why: str) -> FactReport:
        """The answer of a fact that was not come to."""
        return FactReport(self.name, self.question, self.how, (NotMeasured("all of it", why),))


LONGEST = 300
"""Characters of a reason: it stands in a table."""


def reason(error: Exception) -> str:
    """Why something could not be measured, on one line."""
    said = " ".join(str(advise(error)).split()) or type(error).__name__
    return said if len(said) <= LONGEST else f"{said[: LONGEST - 1]}…"
