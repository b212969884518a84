import json
from typing import Any

import pytest

from selfright.components.planned import ComponentPlan, Difference, Items
from tests.builders import bundle_parts
from tests.unit.planning.conftest import STACK, PlanWorld

TABLE = {"Type": "AWS::DynamoDB::Table", "Properties": {"KeySchema": "id"}}
TOPIC = {"Type": "AWS::SNS::Topic"}
ROUTE = {"Type": "AWS::ApiGatewayV2::Route", "Properties": {"RouteKey": "POST /generate"}}
FUNCTION = {"Type": "AWS::Lambda::Function", "Properties": {"Role": "arn:old", "MemorySize": 128}}
SIZE = {"Size": {"Type": "String", "Default": "small"}}


def template(*, parameters: dict[str, Any] | None = None, **resources: Any) -> str:  # noqa: ANN401 - CloudFormation's
    """A template with these resources."""
    declared = {"Parameters": parameters} if parameters else {}
    return json.dumps({**declared, "Resources": resources})


def planned(world: PlanWorld, text: str, **parameters: str) -> ComponentPlan:
    """What is planned for the stack, when the bundle has this template."""
    return world.component(bundle_parts("1.1.0").with_stack(text, parameters).pack(), "infra")


def test_a_stack_that_is_not_there_is_new(world: PlanWorld) -> None:
    """All of its resources come."""
    found = planned(world, template(Table=TABLE, Topic=TOPIC))
    assert (found.change, found.items, found.risks) == ("new", Items(("Table", "Topic"), what="resources"), ())


def test_the_same_template_and_parameters_are_skipped(world: PlanWorld) -> None:
    """Nothing of it would be changed."""
    text = template(parameters=SIZE, Topic=TOPIC)
    world.stacks.by_hand(STACK, text, Size="small")
    assert planned(world, text).change == "unchanged"
    assert planned(world, text, Size="large").differences == (Difference("parameter Size", "small", "large"),)


def test_a_value_in_ssm_that_has_changed_is_planned(world: PlanWorld) -> None:
    """CloudFormation would read it anew, though template and parameters are the same."""
    path = "/shop/prod/size"
    text = template(parameters={"Size": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": path}}, Topic=TOPIC)
    world.stacks.by_hand(STACK, text, Size=path).read = {"Size": "small"}
    world.ssm.put_parameter(Name=path, Value="small", Type="String")
    assert planned(world, text).change == "unchanged"
    world.ssm.put_parameter(Name=path, Value="large", Type="String", Overwrite=True)
    found = planned(world, text)
    assert found.change == "changed"
    assert found.differences == (Difference("read from SSM by the parameter Size", "small", "large"),)


def test_resources_are_compared_by_what_the_templates_say(world: PlanWorld) -> None:
    """What comes, what changes, what goes; and no change set is made."""
    world.stacks.by_hand(STACK, template(Topic=TOPIC, Function=FUNCTION, Old=TOPIC))
    function = {**FUNCTION, "Properties": {"Role": "arn:old", "MemorySize": 256}}
    found = planned(world, template(Topic=TOPIC, Function=function, New=TOPIC))
    assert found.items == Items(("New",), ("Function",), ("Old",), "resources")
    assert (found.risks, found.refusal) == ((), None)
    assert world.stacks.change_sets == {}


def test_what_holds_data_and_goes_is_refused_in_the_controllers_words(world: PlanWorld) -> None:
    """Unless the environment allows it by name, or the template keeps it."""
    world.stacks.by_hand(STACK, template(Table=TABLE, Topic=TOPIC))
    refusal = planned(world, template(Topic=TOPIC)).refusal
    assert refusal
    assert refusal.reason == (
        f"Refused to change the stack {STACK}: Table (AWS::DynamoDB::Table) would be deleted. If that is what you want,"
        " set `allow_deletion: [Table]` in the environment."
    )
    infra = world.configuration["components"]["infra"]
    world.configuration["components"] = {
        **world.configuration["components"],
        "infra": {**infra, "allow_deletion": ["Table"]},
    }
    assert planned(world, template(Topic=TOPIC)).refusal is None


def test_a_retained_table_may_go_from_the_template(world: PlanWorld) -> None:
    """It stays in the account."""
    world.stacks.by_hand(STACK, template(Table={**TABLE, "DeletionPolicy": "Retain"}, Topic=TOPIC))
    assert planned(world, template(Topic=TOPIC)).refusal is None


@pytest.mark.parametrize("before", [TABLE, {"Type": "AWS::SQS::Queue"}])
def test_another_type_under_the_same_name_is_refused(world: PlanWorld, before: dict[str, Any]) -> None:
    """CloudFormation makes no change set of it, whatever the environment allows, and whether it holds data or not."""
    world.configuration["components"]["infra"] |= {"allow_replacement": ["*"], "allow_deletion": ["*"]}
    world.stacks.by_hand(STACK, template(Store=before))
    refusal = planned(world, template(Store=TOPIC)).refusal
    assert refusal
    assert f"Store is {before['Type']}, and would become AWS::SNS::Topic" in refusal.reason
    assert "give the new one another name" in refusal.reason


def test_what_a_rollback_would_not_restore(world: PlanWorld) -> None:
    """A table that comes stays; one that changes may be replaced; a role must be kept."""
    world.stacks.by_hand(STACK, template(Table=TABLE, Function=FUNCTION))
    function = {**FUNCTION, "Properties": {"Role": "arn:new", "MemorySize": 128}}
    changed = {**TABLE, "Properties": {"KeySchema": "other"}}
    risks = planned(world, template(Table=changed, Function=function, More=TABLE)).risks
    assert len(risks) == 3
    assert risks[0].startswith("Table (AWS::DynamoDB::Table) changes: only CloudFormation knows")
    assert risks[1].startswith("Function: Role changes with the stack")
    assert risks[2].startswith("More (AWS::DynamoDB::Table) is added, and a rollback keeps it")


@pytest.mark.parametrize(
    ("path", "said"),
    [("/generate?x=1", "the live release calls it, as its checks show"), ("/other", "make sure that the live site")],
)
def test_a_route_that_goes_is_a_risk(world: PlanWorld, path: str, said: str) -> None:
    """The stack changes before any visitor gets the release, so the live one must do without it."""
    check = {"component": "api", "method": "POST", "path": path, "status": 200}
    world.make_live("1.0.0", json.dumps(check))
    world.stacks.by_hand(STACK, template(Topic=TOPIC, Route=ROUTE))
    (risk,) = planned(world, template(Topic=TOPIC)).risks
    assert risk.startswith("the route POST /generate is removed when the stack is staged")
    assert said in risk


def test_parameters_that_look_secret_are_not_told(world: PlanWorld) -> None:
    """Nor those that CloudFormation hides."""
    declared = {"DbPassword": {"Type": "String"}, "Hidden": {"Type": "String", "Default": "x"}}
    world.stacks.by_hand(STACK, template(parameters=declared, Topic=TOPIC), DbPassword="first", Hidden="****")
    found = planned(world, template(parameters=declared, Topic=TOPIC), DbPassword="hunter2")
    assert found.differences == (Difference("parameter DbPassword", "", "", secret=True),)
    assert "hunter2" not in repr(found)


def test_a_stack_that_somebody_is_changing_is_refused(world: PlanWorld) -> None:
    """As the controller would."""
    world.stacks.by_hand(STACK, template(Topic=TOPIC), status="UPDATE_IN_PROGRESS")
    refusal = planned(world, template(Topic=TOPIC, More=TOPIC)).refusal
    assert refusal
    assert "is being changed (UPDATE_IN_PROGRESS)" in refusal.reason


def test_a_route_of_a_rest_api_that_goes_is_a_risk(world: PlanWorld) -> None:
    """As one of an HTTP API is; the path of a check is that below the stage."""
    root = {"Fn::GetAtt": ["Api", "RootResourceId"]}
    resource = {"Type": "AWS::ApiGateway::Resource", "Properties": {"PathPart": "items", "ParentId": root}}
    method = {"Type": "AWS::ApiGateway::Method", "Properties": {"HttpMethod": "GET", "ResourceId": {"Ref": "Items"}}}
    world.make_live("1.0.0", json.dumps({"component": "api", "path": "/items", "status": 200}))
    world.stacks.by_hand(STACK, template(Topic=TOPIC, Items=resource, Get=method))
    (risk,) = planned(world, template(Topic=TOPIC, Items=resource)).risks
    assert risk.startswith("the route GET /items is removed when the stack is staged")
    assert "the live release calls it, as its checks show" in risk
