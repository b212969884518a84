"""An environment's configuration: its values, its defaults, and what is refused."""

import json
from typing import Any

import pytest
from pydantic import ValidationError

from controller.domain.components.function.target import FunctionTarget
from controller.domain.components.image.target import ImageTarget
from controller.domain.components.parameters.target import ParametersTarget
from controller.domain.components.site.target import SiteTarget
from controller.domain.environment import Environment

WRITTEN: dict[str, Any] = {
    "application": "smartpack",
    "environment": "prod",
    "components": {
        "api": {"kind": "function", "function_name": "smartpack-prod-api", "url": "https://api.example"},
        "site": {"kind": "site", "bucket": "smartpack-prod-site", "routing_function": "smartpack-prod-routing"},
        "settings": {"kind": "parameters", "prefix": "/smartpack/prod/settings"},
    },
    "secrets": {"config": "smartpack/prod/config"},
    "deployment_preference": {"type": "AllAtOnce", "alarms": ["errors"], "hooks": {"pre_traffic": None}},
    "final_bake": "1m",
    "judge": {"evaluate_every": "5s", "when_inconclusive": "pause"},
    "keep_revisions": 3,
}


def read(**changes: Any) -> Environment:  # noqa: ANN401 - JSON
    """The environment with these changes in its document."""
    return Environment.model_validate_json(json.dumps({**WRITTEN, **changes}))


def test_cdks_document_is_read() -> None:
    """Each component becomes the target of its kind."""
    environment = read()
    assert environment.key == "smartpack/prod"
    assert isinstance(environment.components["api"], FunctionTarget)
    assert isinstance(environment.components["site"], SiteTarget)
    assert isinstance(environment.components["settings"], ParametersTarget)
    assert environment.secrets == {"config": "smartpack/prod/config"}
    assert environment.judge.when_inconclusive == "pause"


def test_an_images_platform_is_lambdas_default() -> None:
    """The default architecture of a function is x86_64."""
    image = {"kind": "image", "function_name": "smartpack-prod-ai", "repository": "smartpack/ai"}
    target = read(components={"ai": image}).components["ai"]
    assert isinstance(target, ImageTarget)
    assert (target.platform, target.alias) == ("linux/amd64", "live")


def test_most_keys_have_defaults() -> None:
    """Only the components are required: all other keys have careful defaults."""
    only = {name: WRITTEN[name] for name in ("application", "environment", "components")}
    environment = Environment.model_validate(only)
    assert environment.deployment_preference.type == "Canary10Percent5Minutes"
    assert environment.final_bake == 300
    assert environment.judge.when_inconclusive == "advance"
    assert environment.components["api"].url == "https://api.example"
    assert environment.secrets == {}


@pytest.mark.parametrize(
    "changes",
    [
        {"application": "Smart Pack"},
        {"environment": "-prod"},
        {"environment": "p" * 32},
        {"components": {}},
        {"components": {"API": {"kind": "function", "function_name": "f"}}},
        {"components": {"api": {"kind": "container"}}},
        {"components": {"api": {"kind": "function", "function_name": "f", "url": "ftp://x"}}},
        {"components": {"api": {"kind": "function", "function_name": "f", "bucket": "b"}}},
        {"components": {"ai": {"kind": "image", "function_name": "f"}}},
        {"components": {"ai": {"kind": "image", "function_name": "f", "repository": "r", "platform": "linux/s390x"}}},
        {"final_bake": "8d"},
        {"final_bake": 300},
        {"keep_revisions": 1},
        {"judge": {"tolerance": 1.5}},
        {"judge": {"when_inconclusive": "shrug"}},
        {"judge": {"period": "90s"}},
        {"deployment_preference": {"type": "Whatever"}},
        {"alarms": ["errors"]},
        {"secrets": {"config": ""}},
        {"secrets": {"Config": "smartpack/prod/config"}},
        {"components": {"settings": {"kind": "parameters", "prefix": "settings"}}},
        {"components": {"settings": {"kind": "parameters", "prefix": "/shop/"}}},
        {"components": {"settings": {"kind": "parameters", "prefix": "/a/b/c/d/e/f/g/h/i"}}},
        {"components": {"settings": {"kind": "parameters", "prefix": "/awsome"}}},
        {"components": {"settings": {"kind": "parameters", "prefix": "/selfright/smartpack"}}},
    ],
)
def test_a_mistake_is_refused(changes: dict[str, Any]) -> None:
    """A mistake in the configuration is found when it is read, not when it is used."""
    with pytest.raises(ValidationError):
        read(**changes)


def test_a_strategy_longer_than_the_workflow_is_refused() -> None:
    """The workflow would time out, and a good release would be rolled back after weeks."""
    with pytest.raises(ValidationError, match="take 1374 days"):
        read(deployment_preference={"type": "Linear1PercentEvery9999Minutes"}, final_bake="0s")


def test_hooks_that_may_wait_longer_than_the_workflow_are_refused() -> None:
    """Each may say *not now* until its time is over."""
    hooks = {"pre_traffic": "before", "post_traffic": "after"}
    assert read(hook_timeout="6d", deployment_preference={"hooks": hooks}).hook_timeout == 6 * 24 * 3600
    with pytest.raises(ValidationError, match="and its hooks take 14 days"):
        read(hook_timeout="7d", deployment_preference={"hooks": hooks})


def test_an_environment_cannot_be_changed() -> None:
    """A configuration is read only."""
    with pytest.raises(ValidationError, match="frozen"):
        read().final_bake = 0  # type: ignore[misc]
