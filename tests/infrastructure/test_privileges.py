"""The permissions of the roles of both stacks together."""

import pytest

from bootstrap_cdk.controller.privileges import ALL_RESOURCES
from selfright.cdk.names import DEPLOY_ROLES, WORKING_FOR_ENVIRONMENTS, Group
from tests.infrastructure.templates import Template, as_list

Granted = dict[Group, dict[str, set[str]]]
"""Group → action → resources."""

LOG_DELIVERY = {
    *("logs:CreateLogDelivery", "logs:GetLogDelivery", "logs:UpdateLogDelivery", "logs:DeleteLogDelivery"),
    *("logs:ListLogDeliveries", "logs:PutResourcePolicy", "logs:DescribeResourcePolicies", "logs:DescribeLogGroups"),
}
"""What a state machine needs in order to log; AWS documents these for all resources only."""
SAMPLING = {"xray:GetSamplingRules", "xray:GetSamplingTargets"}
"""What CDK gives a traced state machine besides; for all resources only, like everything of X-Ray."""


@pytest.fixture(scope="session")
def granted(controller: Template, smartpack: Template) -> Granted:
    """Group → action → resources, from both templates."""
    return {group: _together(group, controller, smartpack) for group in Group}


def _together(group: Group, controller: Template, smartpack: Template) -> dict[str, set[str]]:
    function = controller.named("AWS::Lambda::Function", "FunctionName", group.function_name)
    own = controller.allowed(f"<{function['Role']['Fn::GetAtt'][0]}>")
    of_app = smartpack.work_of(group)
    return {action: own.get(action, set()) | of_app.get(action, set()) for action in {*own, *of_app}}


def test_no_policy_has_wildcard_actions(controller: Template, smartpack: Template, staging: Template) -> None:
    """Every action is written out."""
    statements = [one for template in (controller, smartpack, staging) for one in template.policies()]
    assert statements
    assert [(name, one) for name, one in statements if "*" in str(one["Action"]) or "NotAction" in one] == []


def test_all_resources_only_where_aws_allows_no_other(
    controller: Template, smartpack: Template, staging: Template
) -> None:
    """The actions on `*` are these, and each has its reason."""
    actions = {
        action
        for template in (controller, smartpack, staging)
        for _, statement in template.policies()
        if "*" in as_list(statement["Resource"])
        for action in as_list(statement["Action"])
    }
    assert actions <= {*ALL_RESOURCES, *LOG_DELIVERY, *SAMPLING}


def test_actions_that_aws_defines_for_all_resources_are_granted_so(controller: Template, smartpack: Template) -> None:
    """A narrower statement would look better and be denied."""
    narrow = [
        (name, statement)
        for template in (controller, smartpack)
        for name, statement in template.policies()
        if set(as_list(statement["Action"])) & set(ALL_RESOURCES) and as_list(statement["Resource"]) != ["*"]
    ]
    assert narrow == []


def test_roles_are_for_services_only(controller: Template, smartpack: Template) -> None:
    """No person and no other account can assume a role; a deploy role has conditions instead (`test_deploy_role`)."""
    for template in (controller, smartpack):
        for role in template.of_type("AWS::IAM::Role").values():
            if not template.text(role.get("RoleName", "")).startswith(DEPLOY_ROLES):
                statements = role["AssumeRolePolicyDocument"]["Statement"]
                assert all(list(one["Principal"]) == ["Service"] for one in statements)


def test_nobody_passes_roles_or_changes_privileges(granted: Granted) -> None:
    """A bad bundle cannot make the controller give itself or an application more than it has."""
    actions = {action for one in granted.values() for action in one if action.startswith(("iam:", "sts:"))}
    assert actions == {"sts:AssumeRole"}


@pytest.mark.parametrize(
    ("action", "groups"),
    [
        ("lambda:UpdateAlias", {Group.TRAFFIC, Group.ON_ALARM}),
        ("cloudfront:PublishFunction", {Group.TRAFFIC, Group.ON_ALARM}),
        ("lambda:UpdateFunctionCode", {Group.STAGE}),
        ("lambda:PublishVersion", {Group.STAGE}),
        ("lambda:InvokeFunction", {Group.CHECK, Group.CLOSE, Group.WATCH}),
        ("lambda:DeleteFunction", {Group.CLOSE, Group.RECONCILE}),
        ("lambda:ListAliases", set(WORKING_FOR_ENVIRONMENTS)),
        ("s3:DeleteObject", {Group.CLOSE, Group.RECONCILE}),
        ("s3:PutObject", {Group.STAGE, Group.TRAFFIC}),
        ("states:StartExecution", {Group.ON_ALARM, Group.RECONCILE}),
        ("states:StopExecution", {Group.CLOSE, Group.RECONCILE}),
        ("s3:ListBucketVersions", {Group.RECONCILE}),
        ("states:SendTaskFailure", {Group.CHECK, Group.ON_ALARM, Group.WATCH}),
        ("cloudwatch:DescribeAlarms", {Group.STAGE, Group.WATCH, Group.CLOSE}),
        ("sns:Publish", {Group.INTAKE, Group.STAGE, Group.CLOSE, Group.ON_ALARM, Group.RECONCILE}),
    ],
)
def test_each_privilege_is_where_it_is_used(granted: Granted, action: str, groups: set[Group]) -> None:
    """What shifts traffic cannot stage, what stages cannot shift, and so on."""
    assert {group for group in Group if action in granted[group]} == groups


@pytest.mark.parametrize("action", ["lambda:DeleteFunction", "lambda:UpdateFunctionCode", "lambda:InvokeFunction"])
def test_only_the_applications_function_is_touched(granted: Granted, smartpack: Template, action: str) -> None:
    """The controller cannot delete, change or call any other function, except its own alarm function, in rehearsals."""
    (function,) = smartpack.of_type("AWS::Lambda::Function")
    touched = {group: granted[group].get(action, set()) for group in Group}
    rehearsed = {one for one in touched.pop(Group.WATCH) if one.endswith(":function:selfright-on-alarm")}
    assert len(rehearsed) == (action == "lambda:InvokeFunction")
    assert {one for resources in touched.values() for one in resources} <= {f"<{function}.Arn>", f"<{function}.Arn>:*"}


def test_staged_code_cannot_be_written_over_bundles(granted: Granted, smartpack: Template) -> None:
    """`stage` writes to the staging prefix, the restore points and the site's bucket, not to what was uploaded."""
    (site,) = smartpack.of_type("AWS::S3::Bucket")
    written = granted[Group.STAGE]["s3:PutObject"]
    assert {resource.split(".Arn>")[1] for resource in written} == {"/staging/*", "/restore-points/*", "/*"}
    assert f"<{site}.Arn>/*" in written


def test_an_application_grants_its_own_resources_only(smartpack: Template) -> None:
    """Every resource in an application's policies is one of its template, or a parameter below its own prefix."""
    settings = "arn:<AWS::Partition>:ssm:<AWS::Region>:<AWS::AccountId>:parameter/smartpack/prod/settings/"
    own = (settings, *(f"<{name}" for name in smartpack.document["Resources"]))
    staged = {"arn:<AWS::Partition>:s3:::selfrightcontroller-*/staging/*"}
    statements = [one for _, one in smartpack.policies()]
    assert statements
    for statement in statements:
        resources = set(map(smartpack.text, as_list(statement["Resource"]))) - {"*"} - staged
        assert all(any(name in one for name in own) for one in resources)


def test_the_restore_point_reads_the_api_and_the_distribution_and_changes_neither(smartpack: Template) -> None:
    """One function exports them; others read whether the distribution is deployed, and how the API calls a function."""
    by_group = {group: smartpack.work_of(group) for group in Group}
    (api,) = smartpack.of_type("AWS::ApiGatewayV2::Api")
    distribution, _ = smartpack.front
    root = f"arn:<AWS::Partition>:apigateway:<AWS::Region>::/apis/<{api}>"
    assert by_group[Group.STAGE]["apigateway:GET"] == {root, f"{root}/*"}
    polls = {"cloudfront:GetDistribution", "cloudfront:GetDistributionConfig"}
    arn = f"arn:<AWS::Partition>:cloudfront::<AWS::AccountId>:distribution/<{distribution}>"
    assert all(by_group[Group.STAGE][read_access] == {arn} for read_access in polls)
    reading = {"cloudfront:GetDistributionConfig", "lambda:GetFunction"}
    calling = {Group.STAGE, Group.CHECK, Group.CLOSE}
    for group, actions in by_group.items():
        assert not [one for one in actions if one.startswith("apigateway:") and one != "apigateway:GET"]
        assert group is Group.STAGE or not actions.keys() & reading
        assert actions.get("apigateway:GET", set()) == ({root, f"{root}/*"} if group in calling else set())


@pytest.mark.parametrize("group", list(Group))
def test_every_function_writes_the_ledger(granted: Granted, controller: Template, group: Group) -> None:
    """All of them write to the ledger's table."""
    (table,) = controller.of_type("AWS::DynamoDB::Table")
    assert granted[group]["dynamodb:UpdateItem"] == {f"<{table}.Arn>"}


def test_only_those_who_search_the_ledger_may(granted: Granted, controller: Template) -> None:
    """An alarm is looked up in the table, open deployments in their index; all others have an id."""
    (table,) = controller.of_type("AWS::DynamoDB::Table")
    searched = {group: granted[group]["dynamodb:Query"] for group in Group if "dynamodb:Query" in granted[group]}
    assert searched == {Group.ON_ALARM: {f"<{table}.Arn>"}, Group.RECONCILE: {f"<{table}.Arn>/index/open"}}


def test_what_closes_reads_nothing_that_was_uploaded(granted: Granted) -> None:
    """It reads the application's own bucket, what is staged, and whether a stack's former state was kept."""
    (read,) = {frozenset(arn.partition("/")[2] for arn in granted[Group.CLOSE]["s3:GetObject"])}
    assert read == {"*", "revisions/*", "staging/*", "restore-points/stacks/*"}


def test_a_machine_calls_only_what_its_definition_names(controller: Template) -> None:
    """The rollback machine cannot receive, for example."""
    rollback = controller.named("AWS::StepFunctions::StateMachine", "StateMachineName", "selfright-rollback")
    called = controller.allowed(f"<{rollback['RoleArn']['Fn::GetAtt'][0]}>")["lambda:InvokeFunction"]
    named = [one for name, one in rollback["DefinitionSubstitutions"].items() if name.endswith("FunctionArn")]
    assert called == set(map(controller.text, named))


def test_deploy_may_run_the_rollback_and_wait_for_it(controller: Template) -> None:
    """`startExecution.sync:2` needs all of these, and only for the rollback machine."""
    deploy = controller.named("AWS::StepFunctions::StateMachine", "StateMachineName", "selfright-deploy")
    allowed = controller.allowed(f"<{deploy['RoleArn']['Fn::GetAtt'][0]}>")
    assert all("selfright-rollback" in one for one in allowed["states:StartExecution"])
    assert {"states:DescribeExecution", "states:StopExecution", "events:PutTargets", "events:PutRule"} <= set(allowed)


def test_releasers_upload_follow_and_roll_back(controller: Template) -> None:
    """People who release can change no application directly."""
    statements = controller.only("AWS::IAM::ManagedPolicy")["PolicyDocument"]["Statement"]
    actions = {action for statement in statements for action in as_list(statement["Action"])}
    assert {"s3:PutObject", "dynamodb:Query", "states:StartExecution"} <= actions
    reading = ("Get", "GET", "List", "Describe", "BatchCheck", "Query", "Filter")
    writing = {action for action in actions if not action.partition(":")[2].startswith(reading)}
    going_back = {"states:StartExecution", "states:SendTaskSuccess", "lambda:InvokeFunction"}
    assert writing == {"s3:PutObject", "s3:AbortMultipartUpload", *going_back}
    (emergency,) = [one for one in statements if "lambda:InvokeFunction" in as_list(one["Action"])]
    assert controller.text(emergency["Resource"]).endswith(":function:selfright-on-alarm")


def test_planners_read_no_secret_and_no_page(controller: Template) -> None:
    """`selfright plan` sees that a secret exists and the names of a site's files: no values, contents or code."""
    statements = controller.only("AWS::IAM::ManagedPolicy")["PolicyDocument"]["Statement"]
    actions = {action for statement in statements for action in as_list(statement["Action"])}
    assert not {"secretsmanager:GetSecretValue", "lambda:GetFunction"} & actions
    several = [one["Resource"] for one in statements if "ssm:GetParameters" in as_list(one["Action"])]
    assert all(":parameter/selfright" in controller.text(one) for resources in several for one in as_list(resources))
    readable = [
        controller.text(resource)
        for statement in statements
        if "s3:GetObject" in as_list(statement["Action"])
        for resource in as_list(statement["Resource"])
    ]
    assert [one.rpartition("/")[2] for one in sorted(readable)] == ["*", ".index.json"]


def test_releasers_read_the_controllers_logs_and_an_applications_own(controller: Template, smartpack: Template) -> None:
    """Exactly the log groups that `selfright logs` asks; those of an application by a policy of that environment."""
    logs = "arn:<AWS::Partition>:logs:<AWS::Region>:<AWS::AccountId>:log-group:"
    (function,) = smartpack.of_type("AWS::Lambda::Function")
    policy = smartpack.named(
        "AWS::IAM::ManagedPolicy", "ManagedPolicyName", "SelfrightLogs-smartpack-prod-<AWS::Region>"
    )
    (own,) = policy["PolicyDocument"]["Statement"]
    (read,) = [
        one
        for one in controller.only("AWS::IAM::ManagedPolicy")["PolicyDocument"]["Statement"]
        if one["Action"] == "logs:FilterLogEvents"
    ]
    assert set(map(controller.text, read["Resource"])) == {f"{logs}{group.log_group}:*" for group in Group}
    assert own["Action"] == "logs:FilterLogEvents"
    assert smartpack.text(own["Resource"]) == f"{logs}/aws/lambda/<{function}>:*"


def test_what_moves_traffic_writes_nothing_but_templates_for_a_rollback(granted: Granted) -> None:
    """A stack is restored by a template, and CloudFormation reads a large one from the bucket."""
    assert [arn.partition("/")[2] for arn in granted[Group.TRAFFIC]["s3:PutObject"]] == ["restore-points/stacks/*"]
