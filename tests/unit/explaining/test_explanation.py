from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from controller.domain.deployment import Comparison, Counts, Deployment, Evaluation, Trip, TripSource, Written
from controller.domain.phases import Phase
from selfright.account.status import DeploymentRecord
from selfright.explaining.explanation import Explanation, explain
from tests.cli_world import BAKING, ID, LIVE, PAUSED, RECEIVED, ROLLED_BACK, SUCCEEDED
from tests.evaluations import good, worse

BAD = worse()


def tripped(source: TripSource, reason: str, seen: Sequence[Evaluation] = BAD) -> Deployment:
    """A deployment that was rolled back at its last evaluation."""
    end = seen[-1].at
    return replace(ROLLED_BACK, trip=Trip(end, source, reason), reason=reason, closed_at=end + timedelta(seconds=3))


def explained(one: Deployment, seen: Sequence[Evaluation] = BAD) -> Explanation:
    """With the release that was live before."""
    return explain(DeploymentRecord(one, (), LIVE), seen)


def test_the_judges_rollback_is_told_in_five_sentences() -> None:
    """What happened, which metric, which numbers, which evaluation, what next."""
    tripped_at = BAD[-1].at
    back = Written(0, tripped_at, arrived_at=tripped_at + timedelta(seconds=62))
    said = explained(replace(tripped("judge", BAD[-1].reason), written=back))
    assert said.sentences == (
        (
            "smartpack 1.2.0 was rolled back in smartpack/prod after 2 min 21 s, and 1.1.0 is live again;"
            " visitors were back 1 min 2 s after the judge's verdict."
        ),
        "The judge ended it by api's errors: the canary has more of them than chance explains.",
        (
            "9 of 340 requests (2.6 %) failed on the canary, 9 of 2,260 requests (0.4 %) on stable: an e-value of 104,"
            " where 100 rolls back."
        ),
        "That was evaluation 13 of 13, in step 2 at 50 %, 2 min 18 s after the upload: unhealthy.",
        "Correct it and release it under a new version.",
    )


def test_a_slow_canary_is_told_with_the_threshold() -> None:
    """Which percentile of stable's that was, and the bounds of the difference."""
    slow = Comparison("api", "p90", Counts(100, 40), Counts(900, 90), 0.1, 250, 100, 120.4, low=0.12, high=0.43)
    evaluation = replace(BAD[-1], e_value=250.0, comparisons=(*BAD[-1].comparisons, slow))
    said = explained(tripped("judge", "slow"), [evaluation])
    assert "by api's requests slower than 120.4 ms (stable's p90)" in said.metric
    assert said.numbers == (
        "40 of 100 requests (40.0 %) were slow on the canary, 90 of 900 requests (10.0 %) on stable: an e-value of 250,"
        " where 100 rolls back; the difference is between +12 and +43 percentage points."
    )


def test_a_task_that_failed_is_no_failed_check() -> None:
    """Its own words say what it was."""
    said = explained(tripped("check", "api: task 1: it failed (KeyError: 'DATABASE')"))
    assert said.metric == "No metric ended it: api: task 1: it failed (KeyError: 'DATABASE')."
    assert explained(tripped("check", "Check failed before traffic: GET /: 500")).metric == (
        "A check of the release failed before traffic: GET /: 500."
    )


def test_large_figures_have_no_exponent() -> None:
    """A difference of all requests, and an e-value of millions."""
    all_bad = Comparison("api", "errors", Counts(100, 100), Counts(900, 0), 0.1, 1.24e6, 100, low=-0.8, high=1.0)
    evaluation = replace(BAD[-1], e_value=1.24e6, limit=100.0, comparisons=(all_bad,))
    numbers = explained(tripped("judge", "bad"), [evaluation]).numbers
    assert "an e-value of 1,240,000, where 100 rolls back" in numbers
    assert "between -80 and +100 percentage points" in numbers


def test_an_alarm_is_told_with_the_last_evaluation_before_it() -> None:
    """The judge's numbers of that moment go with it."""
    one = tripped("alarm", "Alarm api-errors: 5 errors in 1 minute")
    assert one.trip
    early = replace(one, trip=replace(one.trip, at=BAD[4].at + timedelta(seconds=1)))
    said = explained(early)
    assert said.metric == "An alarm ended it: api-errors: 5 errors in 1 minute."
    assert said.evaluation.startswith("That was evaluation 5 of 13, in step 1 at 10 %")


def test_an_absolute_limit_is_told_in_the_judges_own_words() -> None:
    """When the comparison is not what ended it."""
    seen = replace(BAD[3], verdict="unhealthy")
    said = explained(tripped("judge", "The error rate is 12 %, and at most 10 % are allowed"), [seen])
    assert said.metric == "The judge ended it: The error rate is 12 %, and at most 10 % are allowed."


def test_who_or_what_else_ended_it() -> None:
    """A check, a person, a fault: no metric did."""
    failed = "Check failed before traffic: GET /: 500"
    assert explained(tripped("check", failed)).metric == "A check of the release failed before traffic: GET /: 500."
    person = explained(tripped("person", "wrong prices"))
    assert person.metric == "No metric ended it: a person rolled it back: wrong prices."


def test_a_good_release_has_nothing_against_it() -> None:
    """The evaluation is the one with most evidence; without any, the last one that compared."""
    seen = good()
    said = explained(replace(SUCCEEDED, closed_at=seen[-1].at), seen)
    assert said.metric == "No metric speaks against it; the most evidence is in api's errors."
    assert said.decisive == seen[23]
    assert said.next_step == "Nothing is left to do."
    doubtful = [*seen[:5], replace(seen[5], e_value=7.0), *seen[6:]]
    assert explained(SUCCEEDED, doubtful).decisive == doubtful[5]


def test_a_refused_release_was_never_evaluated() -> None:
    """There are no numbers, and the reason is told."""
    said = explain(DeploymentRecord(replace(RECEIVED, phase=Phase.REJECTED, reason="The bundle is no zip")), [])
    assert said.metric == "No metric ended it: The bundle is no zip."
    assert said.numbers == "The judge made no evaluation, so there are no numbers."
    assert said.evaluation == "No canary was baked."


def test_what_is_on_its_way_says_how_to_watch_it_or_to_decide() -> None:
    """A paused deployment waits for a person."""
    assert explained(BAKING, BAD[:2]).next_step == f"`selfright watch {ID}` shows what happens next."
    assert f"`selfright resume {ID}`" in explained(PAUSED, BAD[:2]).next_step


def test_late_data_are_told() -> None:
    """Bad data and missing data are not the same."""
    said = explained(BAKING, [replace(BAD[0], data="late")])
    assert "(its data: late)" in said.evaluation


def test_nothing_of_the_ledger_can_steer_a_terminal() -> None:
    """Control characters in a reason become blanks."""
    assert "\x1b" not in "".join(explained(tripped("check", "\x1b[2Jgone")).sentences)


def test_an_evaluation_without_any_request_says_so() -> None:
    """An alarm can be quicker than the first measurement."""
    empty = replace(BAD[0], canary=Counts(), stable=Counts(), comparisons=(), data="none", verdict="no data")
    assert explained(BAKING, [empty]).numbers == "No request was measured on the canary by then."
