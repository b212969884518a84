"""The deploy role of an environment: who can assume it, what it may do, and that it fits."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import Stack
from aws_cdk import aws_lambda as lambda_
from hypothesis import given
from hypothesis import strategies as st

from bootstrap_cdk.app import new_app
from controller.aws.client.deploy_roles import role_key
from controller.aws.client.sessions import session_policy
from selfright.cdk import DeclarationError, DeploymentPreference, Environment, FunctionComponent, Hooks
from selfright.cdk.components.component import Component
from selfright.cdk.deploy_role import LARGEST_POLICY, MOST_POLICIES, size
from selfright.cdk.names import WORKING_FOR_ENVIRONMENTS, Group, deploy_role_name
from tests.infrastructure.every_kind import a_function, a_secret, every_kind
from tests.infrastructure.templates import Synthesized, Template, as_list

ACCOUNT, REGION = "123456789012", "ap-southeast-2"
FILLED_IN = {"AWS::Partition": "aws", "AWS::AccountId": ACCOUNT, "AWS::Region": REGION}
LIVE = {
    *("cloudfront:GetFunction", "kms:Decrypt", "lambda:GetAlias", "lambda:GetFunctionConfiguration"),
    *("lambda:ListAliases", "s3:GetObject", "s3:ListBucket", "ssm:GetParameter", "ssm:GetParametersByPath"),
    *("states:DescribeStateMachine", "states:DescribeStateMachineAlias"),
}
"""Reading what is live."""
NAMES = st.from_regex(r"\A[a-z0-9][a-z0-9-]{0,30}\Z")


def synthesized(folder: Path, made: Callable[[Stack], dict[str, Component]]) -> Template:
    """A stack with an environment of these components."""
    app = new_app(folder)
    stack = Stack(app, "Shop")
    preference = DeploymentPreference(hooks=Hooks(pre_traffic=a_function(stack, "Hook")))
    Environment(
        stack,
        "Environment",
        application="shop",
        environment="prod",
        components=made(stack),
        deployment_preference=preference,
        secrets={"config": a_secret(stack)},
    )
    app.synth()
    return Synthesized(folder).template("Shop")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Template:
    """A shop with a component of every kind."""
    return synthesized(tmp_path_factory.mktemp("shop"), every_kind)


def role_of(template: Template) -> dict[str, Any]:
    """The deploy role."""
    return template.named("AWS::IAM::Role", "RoleName", "selfright-deploy-shop.prod-<AWS::Region>")


def filled_in(value: Any) -> Any:  # noqa: ANN401 # a piece of a template
    """A policy as AWS has it, with the longest names that there can be."""
    match value:
        case {"Ref": name}:
            return FILLED_IN.get(name, "n" * 63)
        case {"Fn::GetAtt": _}:
            return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{'f' * 64}"
        case {"Fn::Join": [separator, parts]}:
            return separator.join(map(filled_in, parts))
        case dict():
            return {name: filled_in(one) for name, one in value.items()}
        case list():
            return [filled_in(one) for one in value]
        case _:
            return value


def written(template: Template) -> list[str]:
    """The managed policies of the role as AWS counts their characters."""
    policies = template.of_type("AWS::IAM::ManagedPolicy")
    given = [policies[one["Ref"]]["PolicyDocument"] for one in role_of(template)["ManagedPolicyArns"]]
    return [json.dumps(filled_in(one), separators=(",", ":")) for one in given]


def test_only_the_controllers_roles_by_their_names_assume_it_for_this_environment(shop: Template) -> None:
    """The account is trusted on a condition: the controller can be made anew, and its roles' ids are nowhere."""
    (statement,) = role_of(shop)["AssumeRolePolicyDocument"]["Statement"]
    assert shop.text(statement["Principal"]["AWS"]) == "arn:<AWS::Partition>:iam::<AWS::AccountId>:root"
    assert statement["Action"] == "sts:AssumeRole"
    assert statement["Condition"].keys() == {"ArnEquals", "StringEquals"}
    assert statement["Condition"]["StringEquals"] == {"sts:ExternalId": "shop/prod"}
    trusted = map(shop.text, statement["Condition"]["ArnEquals"]["aws:PrincipalArn"])
    assert sorted(trusted) == sorted(
        f"arn:<AWS::Partition>:iam::<AWS::AccountId>:role/selfright-{name}-<AWS::Region>"
        for name in ("stage", "check", "traffic", "close", "on-alarm", "reconcile")
    )


def test_the_controllers_roles_may_assume_deploy_roles_and_nothing_else(controller: Template) -> None:
    """By the pattern of their names, in this account and region."""
    for group in Group:
        function = controller.named("AWS::Lambda::Function", "FunctionName", group.function_name)
        allowed = controller.allowed(f"<{function['Role']['Fn::GetAtt'][0]}>").get("sts:AssumeRole", set())
        arn = "arn:<AWS::Partition>:iam::<AWS::AccountId>:role/selfright-deploy-*-<AWS::Region>"
        assert allowed == ({arn} if group in WORKING_FOR_ENVIRONMENTS else set())
        variables = function["Environment"]["Variables"]
        assert controller.text(variables.get("SELFRIGHT_DEPLOY_ROLES", "")) == "".join(allowed)


def test_an_application_changes_nothing_of_the_controllers(shop: Template, smartpack: Template) -> None:
    """Its stack names no role of the controller but as one that may come: so both are made anew independently."""
    for template in (shop, smartpack):
        for policy in template.of_type("AWS::IAM::Policy").values():
            assert not [role for role in map(template.text, policy["Roles"]) if role.startswith("selfright-")]
        for policy in template.of_type("AWS::IAM::ManagedPolicy").values():
            assert not policy.get("Roles")


@given(NAMES, NAMES)
def test_controller_and_application_call_the_role_alike(application: str, environment: str) -> None:
    """Neither imports the other; the name fits in every region."""
    name = deploy_role_name(application, environment)
    key = role_key(application, environment)
    assert name.startswith(f"selfright-deploy-{key}-")
    assert len(f"selfright-deploy-{key}-ap-southeast-2") <= 64


def test_who_finds_the_environment_can_work_for_it(shop: Template) -> None:
    """The parameter comes after the role, and the role comes with all its rights."""
    resources = shop.document["Resources"]
    (parameter,) = [one for one in resources.values() if one["Type"] == "AWS::SSM::Parameter"]
    (role,) = [name for name in shop.of_type("AWS::IAM::Role") if "DeployRole" in name]
    assert role in as_list(parameter["DependsOn"])
    assert "Policies" not in role_of(shop)


def test_a_session_lasts_an_hour_at_most(shop: Template) -> None:
    """The least that a role can allow."""
    assert role_of(shop)["MaxSessionDuration"] == 3600


@pytest.mark.parametrize("group", WORKING_FOR_ENVIRONMENTS)
def test_a_session_allows_exactly_what_the_kinds_need_for_this_function(group: Group, tmp_path: Path) -> None:
    """Besides them, every function may only see what is live."""
    stack = Stack(new_app(tmp_path), "Shop")
    needed = {
        action
        for component in every_kind(stack).values()
        for statement in component.privileges().get(group, [])
        for action in statement.actions
    }
    others = {Group.STAGE: {"secretsmanager:GetSecretValue"}, Group.CHECK: {"lambda:InvokeFunction"}}
    session = json.loads(session_policy(group.value))["Statement"]
    allowed = {action for one in session for action in one["Action"]}
    assert allowed >= needed
    assert allowed - needed - others.get(group, set()) <= LIVE


def test_each_resource_is_written_once(shop: Template) -> None:
    """Together with all that may be done with it on the same conditions."""
    seen = [
        (json.dumps(one.get("Condition", {})), json.dumps(resource))
        for one in shop.rights()
        for resource in as_list(one["Resource"])
    ]
    assert len(seen) == len(set(seen))


def test_nothing_is_lost_by_packing(tmp_path: Path) -> None:
    """Each action is allowed on each resource on which a kind needs it."""
    found: list[tuple[str, str]] = []

    def made(stack: Stack) -> dict[str, Component]:
        components = every_kind(stack)
        for component in components.values():
            for statements in component.privileges().values():
                for one in statements:
                    json_ = stack.resolve(one.to_statement_json())
                    found.extend(
                        (action, json.dumps(resource))
                        for action in as_list(json_["Action"])
                        for resource in as_list(json_["Resource"])
                    )
        return components

    template = synthesized(tmp_path, made)
    allowed = {
        (action, json.dumps(resource))
        for one in template.rights()
        for action in as_list(one["Action"])
        for resource in as_list(one["Resource"])
    }
    assert set(found) <= allowed


def functions(count: int) -> Callable[[Stack], dict[str, Component]]:
    """So many functions, each with the longest name."""

    def made(stack: Stack) -> dict[str, Component]:
        arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:"
        names = [f"{number:04}".ljust(64, "x") for number in range(count)]
        return {
            f"f{number}": FunctionComponent(lambda_.Function.from_function_arn(stack, f"F{number}", arn + name))
            for number, name in enumerate(names)
        }

    return made


def test_a_hundred_functions_fit(tmp_path: Path) -> None:
    """Each policy has at most 6,144 characters, and a role has at most ten."""
    policies = written(synthesized(tmp_path, functions(100)))
    assert max(map(len, policies)) <= LARGEST_POLICY == 6144
    assert len(policies) <= MOST_POLICIES == 10


def test_the_size_is_never_estimated_too_small(shop: Template) -> None:
    """Whatever CloudFormation fills in."""
    policies = shop.of_type("AWS::IAM::ManagedPolicy")
    for reference in role_of(shop)["ManagedPolicyArns"]:
        document = policies[reference["Ref"]]["PolicyDocument"]
        assert len(json.dumps(filled_in(document), separators=(",", ":"))) <= size(document) <= LARGEST_POLICY


def test_what_does_not_fit_is_refused_at_synthesis(tmp_path: Path) -> None:
    """And the message says what to do."""
    with pytest.raises(DeclarationError, match=r"shop/prod: .* does not fit into the 10 managed policies.*two envir"):
        synthesized(tmp_path, functions(400))


def test_a_function_cannot_be_deleted_whole(shop: Template) -> None:
    """Only its versions: the permission is on ARNs with a qualifier."""
    deleted = [
        shop.text(resource)
        for one in shop.rights()
        if "lambda:DeleteFunction" in as_list(one["Action"])
        for resource in as_list(one["Resource"])
    ]
    assert len(deleted) == 2
    assert all(one.endswith(".Arn>:*") for one in deleted)


def test_keys_of_the_applications_own_are_used_through_their_service_only(shop: Template) -> None:
    """The bucket's, that of the function's variables, and the secret's."""
    via = {}
    for one in shop.rights():
        actions = {action for action in as_list(one["Action"]) if action.startswith("kms:")}
        if actions:
            (service,) = {shop.text(one["Condition"]["StringEquals"]["kms:ViaService"]).split(".")[0]}
            via.setdefault(service, set()).update(actions)
            assert all(shop.text(resource).endswith(".Arn>") for resource in as_list(one["Resource"]))
    assert via == {
        "s3": {"kms:Decrypt", "kms:GenerateDataKey"},
        "lambda": {"kms:Decrypt", "kms:Encrypt", "kms:CreateGrant"},
        "secretsmanager": {"kms:Decrypt"},
    }


def test_it_reads_what_is_staged_in_no_other_account(shop: Template) -> None:
    """Code and large templates, by their digests: no listing, and nothing that was uploaded."""
    (staged,) = [one for one in shop.rights() if "aws:ResourceAccount" in json.dumps(one.get("Condition", {}))]
    assert as_list(staged["Action"]) == ["s3:GetObject"]
    assert {shop.text(one) for one in as_list(staged["Resource"])} == {
        "arn:<AWS::Partition>:s3:::selfrightcontroller-*/staging/*",
        "arn:<AWS::Partition>:s3:::selfrightcontroller-*/restore-points/stacks/*.template",
    }
