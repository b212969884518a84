"""An application's own stack, exactly as the environment's page shows it."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from bootstrap_cdk.app import new_app
from controller.domain.components.site.routing import parse
from controller.domain.environment import Environment
from tests.infrastructure.templates import Synthesized, Template

PAGE = Path(__file__).parents[2] / "docs" / "environment.md"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Template:
    """The template of the example."""
    blocks = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    (example,) = [block for block in blocks if "(Stack)" in block]
    names: dict[str, Any] = {}
    exec(compile(example, PAGE, "exec"), names)  # noqa: S102 - our own documentation
    folder = tmp_path_factory.mktemp("shop")
    app = new_app(folder)
    names["Shop"](app, "Shop")
    app.synth()
    return Synthesized(folder).template("Shop")


def test_the_controller_accepts_its_environment(shop: Template) -> None:
    """Both components are there, with what their restore points need."""
    environment = Environment.model_validate(json.loads(without_ids(shop)))
    api, web = environment.components["api"], environment.components["web"]
    assert (api.kind, web.kind) == ("function", "site")
    assert "api_id" in api.model_fields_set
    assert "distribution_id" in web.model_fields_set


def without_ids(shop: Template) -> str:
    """The environment's JSON with something in place of what CloudFormation fills in."""
    text = shop.text(shop.only("AWS::SSM::Parameter")["Value"])
    return re.sub(r"<[^>]*>", "abc", re.sub(r"<\w+\.ApiEndpoint>", "https://api.example", text))


def test_visitors_come_by_an_alias_that_no_later_deployment_moves(shop: Template) -> None:
    """A version under a name of its own: `current_version` would have a digest of the settings in it."""
    (version,) = shop.of_type("AWS::Lambda::Version")
    alias = shop.only("AWS::Lambda::Alias")
    assert version.startswith("First")
    assert shop.text(alias["FunctionVersion"]) == f"<{version}.Version>"
    (live,) = shop.of_type("AWS::Lambda::Alias")
    assert shop.text(shop.only("AWS::ApiGatewayV2::Integration")["IntegrationUri"]) == f"<{live}>"


def test_its_routing_function_is_nobodys_release_yet(shop: Template) -> None:
    """So the first release may take it over."""
    assert parse(shop.only("AWS::CloudFront::Function")["FunctionCode"].encode()).stable == ""
