"""What an application imports from `selfright.cdk`: complete, documented, and strict about its arguments."""

import inspect
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_type_hints, is_typeddict

import pytest
from aws_cdk import Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_lambda as lambda_
from hypothesis import given
from hypothesis import strategies as st

import selfright.cdk
from bootstrap_cdk.app import new_app
from controller.domain.durations import seconds
from controller.domain.environment import Environment as Read
from selfright.cdk import (
    PLACEHOLDER_CODE,
    PLACEHOLDER_HANDLER,
    DatabaseComponent,
    DeclarationError,
    DeploymentPreference,
    EncryptedTopic,
    Environment,
    FunctionComponent,
    Hooks,
    Judge,
    Limits,
    StackComponent,
    Step,
    Synthetic,
)
from selfright.cdk.durations import check
from tests.infrastructure.templates import Synthesized, Template

CLASSES = [name for name in selfright.cdk.__all__ if inspect.isclass(getattr(selfright.cdk, name))]


def synthesized(folder: Path, **arguments: Any) -> Template:  # noqa: ANN401 - the construct's own
    """A stack with a function, and an environment with these arguments."""
    app = new_app(folder)
    stack = Stack(app, "Shop")
    components = {"api": FunctionComponent(function(stack, "Api"))}
    made = {name: value(stack) if callable(value) else value for name, value in arguments.items()}
    Environment(stack, "Environment", application="shop", environment="prod", components=components, **made)
    app.synth()
    return Synthesized(folder).template("Shop")


def written(template: Template) -> dict[str, Any]:
    """The environment's document in this template, with construct ids in place of references."""
    text = template.registered()
    return dict(json.loads(re.sub(r"<([A-Za-z]+)[0-9A-F]{8}>", r"\1", text)))


def function(stack: Stack, name: str) -> lambda_.Function:
    """A function with this id."""
    code, runtime = lambda_.Code.from_inline(PLACEHOLDER_CODE), lambda_.Runtime.PYTHON_3_13
    return lambda_.Function(stack, name, code=code, handler=PLACEHOLDER_HANDLER, runtime=runtime)


def alarm(stack: Stack) -> cloudwatch.Alarm:
    """Any alarm."""
    metric = cloudwatch.Metric(namespace="Shop", metric_name="Errors")
    return cloudwatch.Alarm(stack, "Errors", metric=metric, threshold=1, evaluation_periods=1)


def topic(stack: Stack) -> Any:  # noqa: ANN401 - a topic
    """Any topic."""
    return EncryptedTopic(stack, "Alarms", display_name="Shop").topic


@pytest.mark.parametrize("name", CLASSES)
def test_every_argument_is_explained(name: str) -> None:
    """By its name, in the docstring of the class or its constructor."""
    made = getattr(selfright.cdk, name)
    if issubclass(made, Exception) or getattr(made, "_is_protocol", False):
        return
    explained = f"{made.__doc__} {made.__init__.__doc__}"
    names = get_type_hints(made) if is_typeddict(made) else inspect.signature(made.__init__).parameters
    assert not [one for one in names if f"{one}:" not in explained and one != "self"]


def test_the_defaults_are_the_controllers(tmp_path: Path) -> None:
    """A document by hand and one from CDK give the same environment."""
    document = written(synthesized(tmp_path))
    least = {name: document[name] for name in ("application", "environment", "components")}
    assert Read.model_validate(document) == Read.model_validate(least)


def test_arguments_are_the_keys_of_the_document(tmp_path: Path) -> None:
    """With everything chosen, each key has what the argument of its name says."""
    steps: list[Step] = [{"weight": 5, "bake": "10m"}, {"weight": 50}]

    def preference(stack: Stack) -> DeploymentPreference:
        hooks = Hooks(pre_traffic=function(stack, "Before"), post_traffic=function(stack, "After"))
        return DeploymentPreference(type=steps, alarms=[alarm(stack)], hooks=hooks)

    judge = Judge(
        alpha=0.01, evaluate_every="30s", period="10s", settle="15s", minimum_requests=5, tolerance=0.1,
        promote_early=True, limits=Limits(error_rate=0.02, short="20s", long="40s"), synthetic=Synthetic(requests=9),
    )  # fmt: skip
    chosen = {"final_bake": "1h30m", "hook_timeout": "1m", "keep_revisions": 3, "restore_point_export": "attempted"}
    made = synthesized(
        tmp_path, deployment_preference=preference, topic=topic, judge=judge, allow_private_urls=True, **chosen
    )
    document = written(made)
    assert {name: document[name] for name in chosen} == chosen
    assert document["deployment_preference"] == {
        "type": steps,
        "alarms": ["Errors"],
        "hooks": {"pre_traffic": "Before", "post_traffic": "After"},
    }
    assert document["judge"]["limits"] == {"error_rate": 0.02, "minimum_successes": 0, "short": "20s", "long": "40s"}
    read = Read.model_validate(document)
    assert (read.final_bake, read.judge.settle, read.judge.limits.long) == (5400, 15, 40)
    assert read.allow_private_urls


@pytest.mark.parametrize(
    ("wrong", "key"),
    [
        (lambda: Judge(evaluate_every=60), "judge.evaluate_every"),  # type: ignore[arg-type]
        (lambda: Judge(period="1 minute"), "judge.period"),
        (lambda: Judge(settle="soon"), "judge.settle"),
        (lambda: Limits(short="60"), "judge.limits.short"),
        (lambda: Limits(long=""), "judge.limits.long"),
        (lambda: StackComponent("shop-infra", None, timeout=60), "timeout"),  # type: ignore[arg-type]
        (lambda: DatabaseComponent(wait="60"), "wait"),
        (lambda: DeploymentPreference(type=[{"weight": 5}, {"weight": 9, "bake": "5"}]), r"type\[1\].bake"),
    ],
)
def test_what_is_no_duration_is_refused_by_its_key(wrong: Callable[[], object], key: str) -> None:
    """At synthesis, and not by the first release."""
    with pytest.raises(DeclarationError, match=rf"{key}: write a duration such as"):
        wrong()


@pytest.mark.parametrize("key", ["final_bake", "hook_timeout"])
def test_an_environment_refuses_seconds(key: str, tmp_path: Path) -> None:
    """The message says how seconds are written."""
    with pytest.raises(DeclarationError, match=f"{key}: .*not 600 .seconds are written '600s'"):
        synthesized(tmp_path, **{key: 600})


def test_alarms_without_a_topic_are_refused(tmp_path: Path) -> None:
    """The controller would never hear of them."""
    with pytest.raises(DeclarationError, match="topic: alarms reach the controller by an SNS topic"):
        synthesized(tmp_path, deployment_preference=lambda stack: DeploymentPreference(alarms=[alarm(stack)]))


def test_without_alarms_there_is_no_topic_to_pay_for(tmp_path: Path) -> None:
    """Neither a topic nor a key nor a subscription."""
    template = synthesized(tmp_path)
    kinds = {one["Type"] for one in template.document["Resources"].values()}
    assert not [kind for kind in kinds if kind.startswith(("AWS::SNS", "AWS::KMS"))]


@given(st.one_of(st.from_regex(r"\A[0-9dhms]{0,8}\Z"), st.text(max_size=6), st.integers(), st.none()))
def test_it_takes_the_durations_that_the_controller_takes(value: object) -> None:
    """Both accept the same form, though neither imports the other."""

    def taken(by: Callable[[], object]) -> bool:
        try:
            by()
        except ValueError:
            return False
        return True

    assert taken(lambda: check("key", value)) == taken(lambda: seconds(value))
