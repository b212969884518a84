"""Which components are used most."""

from controller.domain.deployment import Comparison, Counts, Evaluation
from controller.domain.judging.usage import most_used_first
from tests.fakes import START


def compared(name: str, metric: str, canary: int, stable: int) -> Comparison:
    """A comparison with these requests of a component."""
    return Comparison(name, metric, Counts(canary), Counts(stable), 0.1, 1, 20)


def test_the_most_used_come_first_and_the_others_by_name() -> None:
    """Requests of canary and stable add up; several comparisons of one component do not count twice."""
    comparisons = (
        compared("b", "errors", 5, 45),
        compared("b", "p99", 5, 45),
        compared("c", "errors", 1, 70),
    )
    evaluation = Evaluation(START, "healthy", "", comparisons=comparisons)
    assert most_used_first("dabc", evaluation) == ["c", "b", "a", "d"]


def test_before_the_first_evaluation_the_order_is_by_name() -> None:
    """No requests are known yet."""
    assert most_used_first(["site", "api"], None) == ["api", "site"]
