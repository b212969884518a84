"""The strategy: names and lists become steps with weights that rise to a hundred."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from controller.domain.deployment import Step
from controller.domain.durations import written
from controller.domain.strategy import ALL, Preference, StepSpec, steps_of

named = st.one_of(
    st.just("AllAtOnce"),
    st.builds("Canary{}Percent{}Minutes".format, st.integers(1, 99), st.integers(1, 9999)),
    st.builds("Linear{}PercentEvery{}Minutes".format, st.integers(1, 99), st.integers(1, 9999)),
)
listed = st.lists(
    st.builds(StepSpec, weight=st.integers(1, 100), bake=st.integers(0, 86400).map(written)), max_size=8
).map(lambda specs: sorted({spec.weight: spec for spec in specs}.values(), key=lambda spec: spec.weight))


@given(kind=st.one_of(named, listed), final_bake=st.integers(0, 604800), at_once=st.booleans())
def test_weights_rise_and_end_at_a_hundred(kind: str | list[StepSpec], final_bake: int, at_once: bool) -> None:
    """With every strategy, each step adds visitors, and the last one has all of them."""
    steps = steps_of(Preference(type=kind), final_bake, at_once=at_once)
    weights = [step.weight for step in steps]
    assert weights == sorted(set(weights))
    assert weights[0] >= 1
    assert weights[-1] == ALL
    assert weights.count(ALL) == 1


@given(kind=st.one_of(named, listed), final_bake=st.integers(0, 604800))
def test_a_deployment_at_once_has_one_step_with_all_visitors(kind: str | list[StepSpec], final_bake: int) -> None:
    """Components that were never live have no visitors to protect and no stable to be compared with."""
    assert len(steps_of(Preference(type=kind), final_bake, at_once=True)) == 1


@given(percent=st.integers(1, 99), minutes=st.integers(1, 9999))
def test_a_linear_strategy_has_equal_strides(percent: int, minutes: int) -> None:
    """The strides add up to a hundred; only the last may be shorter."""
    steps = steps_of(Preference(type=f"Linear{percent}PercentEvery{minutes}Minutes"), 60)
    strides = [after.weight - before.weight for before, after in zip((Step(0, 0), *steps), steps, strict=False)]
    assert sum(strides) == ALL
    assert set(strides[:-1]) <= {percent}
    assert 0 < strides[-1] <= percent
    assert {step.bake for step in steps[:-1]} == {minutes * 60}


@given(listed)
def test_a_list_keeps_its_steps(specs: list[StepSpec]) -> None:
    """Steps below a hundred keep their weights and bakes."""
    steps = steps_of(Preference(type=specs), 7)
    assert steps[:-1] == tuple(Step(spec.weight, spec.bake or 0) for spec in specs if spec.weight < ALL)


def test_codedeploys_names_keep_their_meaning() -> None:
    """CodeDeploy's predefined configurations become the same steps here."""
    assert steps_of(Preference(type="AllAtOnce"), 300) == (Step(100, 300),)
    assert steps_of(Preference(type="Canary10Percent5Minutes"), 300) == (Step(10, 300), Step(100, 300))
    assert steps_of(Preference(type="Linear10PercentEvery1Minute"), 0)[:2] == (Step(10, 60), Step(20, 60))


def test_the_last_step_of_a_list_may_have_its_own_bake() -> None:
    """A listed step of weight 100 replaces the environment's final bake."""
    specs = [StepSpec(weight=50, bake="5s"), StepSpec(weight=100, bake="9s")]
    assert steps_of(Preference(type=specs), 300) == (Step(50, 5), Step(100, 9))


@pytest.mark.parametrize(
    "name",
    [
        "Canary0Percent5Minutes",
        "Canary10Percent0Minutes",
        "Linear0PercentEvery1Minute",
        "Canary100Percent5Minutes",
        "canary10percent5minutes",
        "Canary10Percent5Minutes\n",
        "AllAtOnce ",
        "",
        "ECSAllAtOnce",
    ],
)
def test_an_unknown_name_is_refused(name: str) -> None:
    """The error names the strategy."""
    with pytest.raises(ValidationError, match="strategy"):
        Preference(type=name)


@pytest.mark.parametrize("weights", [[10, 10], [50, 10], [100, 50]])
def test_weights_that_do_not_rise_are_refused(weights: list[int]) -> None:
    """A strategy never moves visitors from the canary to stable; only a rollback does."""
    with pytest.raises(ValidationError, match="must rise"):
        Preference(type=[StepSpec(weight=weight) for weight in weights])


@pytest.mark.parametrize(
    "spec", [{"weight": 0}, {"weight": 101}, {"weight": 5, "bake": "25h"}, {"weight": 5, "pause": 1}]
)
def test_a_step_outside_the_bounds_is_refused(spec: dict[str, int]) -> None:
    """A weight is 1 to 100, a bake is at most a day, and a step has no other keys."""
    with pytest.raises(ValidationError):
        StepSpec.model_validate(spec)


@pytest.mark.parametrize(("written_bake", "seconds"), [({"bake": "0s"}, 0), ({"bake": "1m"}, 60), ({}, 300)])
def test_the_last_steps_own_bake_wins_over_the_final_bake(written_bake: dict[str, str], seconds: int) -> None:
    """Also `0s`, which is no bake; without a bake of its own it is the environment's."""
    preference = Preference.model_validate({"type": [{"weight": 10, "bake": "5m"}, {"weight": 100, **written_bake}]})
    assert steps_of(preference, 300)[-1] == Step(100, seconds)
    again = Preference.model_validate(preference.model_dump(mode="json"))
    assert steps_of(again, 300) == steps_of(preference, 300)
