"""An environment of any size fits into SSM parameters of the standard tier, and the controller reads it whole."""

import json
from typing import Any

import pytest
from aws_cdk import Stack
from aws_cdk import aws_lambda as lambda_
from hypothesis import given
from hypothesis import strategies as st

from bootstrap_cdk.app import new_app
from controller.aws.environment_parts import joined
from selfright.cdk import (
    PLACEHOLDER_CODE,
    PLACEHOLDER_HANDLER,
    Component,
    DeclarationError,
    Environment,
    FunctionComponent,
    ParametersComponent,
)
from selfright.cdk.parts import LIMIT, divide
from tests.infrastructure.templates import Synthesized, Template
from tests.registering import part_of

MANY = 220
LONG = {f"VARIABLE_{number}": "x" * 300 for number in range(12)}
"""A component with as many variables as Lambda allows is too long for one parameter."""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Template:
    """A stack with one function of its own, and an environment with hundreds of components."""
    folder = tmp_path_factory.mktemp("parts")
    app = new_app(folder)
    stack = Stack(app, "Shop")
    code, runtime = lambda_.Code.from_inline(PLACEHOLDER_CODE), lambda_.Runtime.PYTHON_3_13
    api = lambda_.Function(stack, "Api", code=code, handler=PLACEHOLDER_HANDLER, runtime=runtime)
    components: dict[str, Component] = {f"s{number}": ParametersComponent(f"/shop/{number}") for number in range(MANY)}
    components |= {"long": FunctionComponent(api, variables=LONG), "api": FunctionComponent(api)}
    for number, name in enumerate(("prod", "test")):
        given = components if not number else {"api": components["api"]}
        Environment(stack, name, application="shop", environment=name, components=given)
    app.synth()
    return Synthesized(folder).template("Shop")


def parameters(shop: Template, environment: str) -> dict[str, dict[str, Any]]:
    """Logical id → resource of the parameters of an environment, in their order."""
    root = f"/selfright/shop/{environment}/"
    found = {
        name: one
        for name, one in shop.document["Resources"].items()
        if one["Type"] == "AWS::SSM::Parameter" and one["Properties"]["Name"].startswith(root)
    }
    return dict(sorted(found.items(), key=lambda item: int(item[1]["Properties"]["Name"].removeprefix(root))))


def values(shop: Template, environment: str) -> dict[int, str]:
    """Their values, as CloudFormation writes them, references in angle brackets."""
    found = parameters(shop, environment).values()
    return {number: shop.text(one["Properties"]["Value"]) for number, one in enumerate(found, 1)}


def test_hundreds_of_components_fit_into_the_standard_tier(shop: Template) -> None:
    """Every part is short enough, and together they are the document."""
    written = values(shop, "prod")
    assert max(len(value.encode()) for value in written.values()) <= LIMIT
    components = joined("/selfright/shop/prod", written)["components"]
    assert list(components) == [*(f"s{number}" for number in range(MANY)), "long", "api"]
    assert components["long"]["variables"] == LONG
    assert "Tier" not in json.dumps(parameters(shop, "prod"))


def test_a_small_environment_has_one_parameter(shop: Template) -> None:
    """It can be read in the console like before."""
    assert len(parameters(shop, "test")) == 1


def test_a_component_is_not_divided_unless_it_must_be(shop: Template) -> None:
    """So half of an old component never meets half of a new one."""
    pieces = [json.loads(value)["document"].get("components", {}) for value in values(shop, "prod").values()]
    assert {name for name in (*pieces[0], "api", "long") if sum(name in piece for piece in pieces) > 1} == {"long"}


def test_the_parts_are_written_one_right_after_the_other(shop: Template) -> None:
    """Not before all that they name exists: a distribution takes minutes, and half a set would wait for it."""
    (function,) = shop.of_type("AWS::Lambda::Function")
    (first, *_), resources = parameters(shop, "prod"), parameters(shop, "prod")
    needs = {name: one.get("DependsOn", []) for name, one in resources.items()}
    assert function in needs[first]
    assert all(before in needs[after] for before, after in zip(needs, [*needs][1:], strict=False))


def test_every_part_has_the_digest_of_the_whole(shop: Template) -> None:
    """That of another environment, which differs in one component, is another one."""
    digests = {name: {json.loads(one)["digest"] for one in values(shop, name).values()} for name in ("prod", "test")}
    assert {name: len(found) for name, found in digests.items()} == {"prod": 1, "test": 1}
    assert digests["prod"] != digests["test"]


def test_a_value_that_fits_into_no_part_is_refused() -> None:
    """With its place, and what to do instead."""
    with pytest.raises(DeclarationError, match=r"components\.api\.variables\.KEY: .* Keep it in a file"):
        divide({"components": {"api": {"kind": "function", "variables": {"KEY": "x" * LIMIT}}}})


LEAVES = st.text(max_size=900) | st.integers() | st.booleans() | st.none()
NAMES = st.text("abcdefgh", min_size=1, max_size=8)
VALUES = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4))


@given(st.dictionaries(NAMES, st.dictionaries(NAMES, VALUES, max_size=6), max_size=6), st.lists(LEAVES, max_size=8))
def test_no_document_is_changed_by_dividing_it(components: dict[str, Any], alarms: list[Any]) -> None:
    """Whatever it contains, it is read as it was declared, and no part is longer than a parameter may be."""
    document = {"application": "shop", "components": components, "alarms": alarms}
    try:
        pieces = divide(document)
    except DeclarationError:  # one value is too long: the test above
        return
    written = {number: part_of(one, number, len(pieces), "d" * 16) for number, one in enumerate(pieces, 1)}
    assert joined("/selfright/shop/prod", written) == document
    short = [json.dumps(json.loads(one), separators=(",", ":"), ensure_ascii=False) for one in written.values()]
    assert max(len(one.encode()) for one in short) <= LIMIT
