"""The resources of the controller's stack."""

import json
import re
from typing import Any

import pytest

from bootstrap_cdk.controller.alarms import FAILURES
from controller.aws import markers
from controller.aws.ledger.deployments import KEPT
from controller.settings import Settings
from selfright.cdk.markers import NAMESPACE
from selfright.cdk.names import WORKING_FOR_ENVIRONMENTS, Group
from tests.infrastructure.templates import Template

GROUPS = list(Group)


def test_bundles_are_versioned_encrypted_and_private(controller: Template) -> None:
    """A bundle cannot be read by strangers, nor changed during a deployment."""
    bucket = controller.only("AWS::S3::Bucket")
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert "BucketEncryption" in bucket


def test_bundles_travel_by_tls_only(controller: Template) -> None:
    """The bucket refuses requests without TLS."""
    (statement,) = controller.only("AWS::S3::BucketPolicy")["PolicyDocument"]["Statement"]
    assert (statement["Effect"], statement["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})


def test_uploads_are_events_without_a_custom_resource(controller: Template, smartpack: Template) -> None:
    """EventBridge is turned on in the bucket itself; nothing in the stacks runs at deployment."""
    notification = controller.only("AWS::S3::Bucket")["NotificationConfiguration"]
    assert notification == {"EventBridgeConfiguration": {"EventBridgeEnabled": True}}
    kinds = {one["Type"] for template in (controller, smartpack) for one in template.document["Resources"].values()}
    assert not {kind for kind in kinds if kind.startswith("Custom::") or "CustomResource" in kind}


def test_old_uploads_and_staged_files_go(controller: Template) -> None:
    """Old objects and unfinished uploads expire."""
    rules = controller.only("AWS::S3::Bucket")["LifecycleConfiguration"]["Rules"]
    assert {rule["Prefix"] for rule in rules} == {"incoming/", "staging/", "restore-points/"}
    assert all(rule["NoncurrentVersionExpiration"] and rule["AbortIncompleteMultipartUpload"] for rule in rules)


def test_a_restore_point_outlives_its_deployment(controller: Template) -> None:
    """Longer than the bundles, and than the 400 days of a timeline."""
    rules = controller.only("AWS::S3::Bucket")["LifecycleConfiguration"]["Rules"]
    days = {rule["Prefix"]: rule["ExpirationInDays"] for rule in rules}
    assert days["restore-points/"] > max(days["incoming/"], KEPT.days)


def test_the_ledger_survives(controller: Template) -> None:
    """The table is kept, protected, and can be restored to any minute."""
    (table,) = [one for one in controller.document["Resources"].values() if one["Type"] == "AWS::DynamoDB::Table"]
    assert (table["DeletionPolicy"], table["UpdateReplacePolicy"]) == ("Retain", "Retain")
    properties = table["Properties"]
    assert properties["DeletionProtectionEnabled"]
    assert properties["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert properties["SSESpecification"] == {"SSEEnabled": True}


def test_the_ledger_has_the_keys_that_the_adapters_use(controller: Template) -> None:
    """Keys, indexes and the expiry attribute are those of `controller.aws`."""
    table = controller.only("AWS::DynamoDB::Table")
    indexes = {one["IndexName"]: _keys(one) for one in table["GlobalSecondaryIndexes"]}
    assert _keys(table) == ["pk", "sk"]
    assert indexes == {"by_environment": ["environment_key", "sort_key"], "open": ["open", "sort_key"]}
    assert table["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}
    assert table["BillingMode"] == "PAY_PER_REQUEST"


def _keys(table: dict[str, Any]) -> list[str]:
    return [one["AttributeName"] for one in table["KeySchema"]]


@pytest.mark.parametrize("group", GROUPS)
def test_every_function_has_its_own_role_and_log(controller: Template, group: Group) -> None:
    """No two functions share privileges, and each log is kept for a limited time."""
    function = controller.named("AWS::Lambda::Function", "FunctionName", group.function_name)
    role = controller.document["Resources"][function["Role"]["Fn::GetAtt"][0]]["Properties"]
    log = controller.document["Resources"][function["LoggingConfig"]["LogGroup"]["Ref"]]["Properties"]
    assert controller.text(role["RoleName"]) == f"{group.function_name}-<AWS::Region>"
    assert log["LogGroupName"] == f"/aws/lambda/{group.function_name}"
    assert log["RetentionInDays"] > 0


def test_every_log_has_a_retention(controller: Template, smartpack: Template) -> None:
    """No log is kept for ever."""
    logs = [one for template in (controller, smartpack) for one in template.of_type("AWS::Logs::LogGroup").values()]
    assert logs
    assert all(log["RetentionInDays"] <= 90 for log in logs)


@pytest.mark.parametrize("group", GROUPS)
def test_a_function_writes_to_its_own_log_only(controller: Template, group: Group) -> None:
    """The role names one log group; no managed policy opens all of them."""
    function = controller.named("AWS::Lambda::Function", "FunctionName", group.function_name)
    role = function["Role"]["Fn::GetAtt"][0]
    log = function["LoggingConfig"]["LogGroup"]["Ref"]
    assert controller.allowed(f"<{role}>")["logs:PutLogEvents"] == {f"<{log}.Arn>"}
    assert "ManagedPolicyArns" not in controller.document["Resources"][role]["Properties"]


@pytest.mark.parametrize("group", GROUPS)
def test_every_function_is_traced_and_has_its_variables(controller: Template, group: Group) -> None:
    """The variables are those that `controller.settings` reads, and no others of ours."""
    function = controller.named("AWS::Lambda::Function", "FunctionName", group.function_name)
    variables = function["Environment"]["Variables"]
    wanted = {f"SELFRIGHT_{name.upper()}" for name in Settings.model_fields}
    elsewhere = set() if group is Group.RECONCILE else {"SELFRIGHT_DEPLOY_MACHINE_ARN"}
    elsewhere |= set() if group in {Group.RECONCILE, Group.ON_ALARM} else {"SELFRIGHT_ROLLBACK_MACHINE_ARN"}
    elsewhere |= set() if group is Group.WATCH else {"SELFRIGHT_ON_ALARM_FUNCTION"}
    elsewhere |= set() if group in WORKING_FOR_ENVIRONMENTS else {"SELFRIGHT_DEPLOY_ROLES"}
    assert {name for name in variables if name.startswith("SELFRIGHT_")} == wanted - elsewhere
    assert variables["SELFRIGHT_FUNCTION"] == group.value
    assert function["TracingConfig"] == {"Mode": "Active"}
    assert function["Handler"] == "controller.handlers.entry.handler"


@pytest.mark.parametrize("group", GROUPS)
def test_who_may_start_a_machine_knows_which(controller: Template, group: Group) -> None:
    """After a late alarm, `on_alarm` starts the rollback machine: the right alone would start nothing."""
    function = controller.named("AWS::Lambda::Function", "FunctionName", group.function_name)
    known = {
        controller.text(value)
        for name, value in function["Environment"]["Variables"].items()
        if name.endswith("_MACHINE_ARN")
    }
    (role,) = function["Role"]["Fn::GetAtt"][:1]
    assert controller.allowed(f"<{role}>").get("states:StartExecution", set()) == known


def test_the_functions_share_one_package(controller: Template) -> None:
    """Eight functions, one asset."""
    assert len({json.dumps(one["Code"]) for one in controller.of_type("AWS::Lambda::Function").values()}) == 1


def test_an_upload_starts_a_deployment_with_the_event_itself(controller: Template) -> None:
    """The rule matches uploads under `incoming/` and passes the event's detail to the machine."""
    (rule,) = [one for one in _rules(controller) if "aws.s3" in one.get("EventPattern", {}).get("source", [])]
    (target,) = rule["Targets"]
    assert rule["EventPattern"]["detail"]["object"] == {"key": [{"prefix": "incoming/"}]}
    assert target["InputPath"] == "$.detail"


def test_alarms_and_failed_executions_reach_their_functions(controller: Template) -> None:
    """Alarm changes go to `on_alarm`, failed executions to `reconcile`."""
    patterns = [rule["EventPattern"] for rule in _rules(controller) if "EventPattern" in rule]
    (alarm,) = [one for one in patterns if one["source"] == ["aws.cloudwatch"]]
    (end,) = [one for one in patterns if one["source"] == ["aws.states"]]
    assert alarm["detail"] == {"state": {"value": ["ALARM"]}}
    assert end["detail"]["status"] == ["FAILED", "TIMED_OUT", "ABORTED"]
    assert len(end["detail"]["stateMachineArn"]) == 2


def test_topics_of_alarms_may_call_their_function_by_the_controllers_own_word(controller: Template) -> None:
    """The permission is part of the function, so it comes back with the controller; one suffices for all topics."""
    callers = controller.of_type("AWS::Lambda::Permission").values()
    (caller,) = [one for one in callers if one["Principal"] == "sns.amazonaws.com"]
    (on_alarm,) = [
        name
        for name, one in controller.of_type("AWS::Lambda::Function").items()
        if one["FunctionName"] == Group.ON_ALARM.function_name
    ]
    assert caller["FunctionName"] == {"Ref": on_alarm}
    assert controller.text(caller["SourceArn"]).endswith(":*")


def test_the_reconciler_runs_by_the_clock_too(controller: Template) -> None:
    """Status events are best effort, so there is a schedule."""
    (schedule,) = [rule for rule in _rules(controller) if "ScheduleExpression" in rule]
    assert schedule["ScheduleExpression"] == "rate(5 minutes)"


def test_every_rule_has_a_dead_letter_queue(controller: Template) -> None:
    """A queue keeps the events that EventBridge cannot deliver."""
    targets = [target for rule in _rules(controller) for target in rule["Targets"]]
    assert len(targets) == 4
    assert all(target["DeadLetterConfig"]["Arn"] for target in targets)


def test_functions_that_are_called_asynchronously_keep_what_they_failed_on(controller: Template) -> None:
    """A rule's queue holds only what was never delivered; failures after that go to the function's destination."""
    caught = controller.of_type("AWS::Lambda::EventInvokeConfig").values()
    assert len(caught) == 2
    assert all(one["DestinationConfig"]["OnFailure"]["Destination"] for one in caught)


def test_every_queue_is_encrypted_and_watched(controller: Template) -> None:
    """A message in a dead-letter queue is an alarm."""
    queues = controller.of_type("AWS::SQS::Queue")
    watched = {json.dumps(one["Dimensions"]) for one in _alarms(controller) if one.get("Namespace") == "AWS/SQS"}
    assert all(queue["SqsManagedSseEnabled"] for queue in queues.values())
    assert {name for name in queues if any(name in dimensions for dimensions in watched)} == set(queues)


def test_what_no_deployment_tells_is_an_alarm(controller: Template) -> None:
    """What acts on alarms, what finds lost deployments, rollbacks that end with an error, tasks that keep failing."""
    watched = {(one["Namespace"], one["MetricName"]) for one in _alarms(controller)}
    assert watched == {
        ("AWS/Lambda", "Errors"),
        ("AWS/Lambda", "Throttles"),
        ("AWS/Lambda", "Invocations"),
        ("AWS/States", "ExecutionsFailed"),
        ("AWS/SQS", "ApproximateNumberOfMessagesVisible"),
        (NAMESPACE, FAILURES),
    }
    functions = {json.dumps(one["Dimensions"]) for one in _alarms(controller) if one["Namespace"] == "AWS/Lambda"}
    assert {name for one in functions for name in ("OnAlarm", "Reconcile") if name in one} == {"OnAlarm", "Reconcile"}


def test_every_alarm_says_what_to_do(controller: Template) -> None:
    """Its description is all that the e-mail has."""
    tells = re.compile(r"`selfright |[Tt]he log of|raise the|enable its|the queue")
    assert [one["AlarmDescription"] for one in _alarms(controller) if not tells.search(one["AlarmDescription"])] == []


def test_failing_tasks_are_counted_where_the_alarm_looks(controller: Template) -> None:
    """The function writes the metric without dimensions, and so the alarm has none."""
    (alarm,) = [one for one in _alarms(controller) if one["MetricName"] == FAILURES]
    assert "Dimensions" not in alarm
    assert (alarm["Namespace"], alarm["MetricName"]) == (markers.NAMESPACE, markers.FAILURES)
    assert alarm["EvaluationPeriods"] > 1  # one failed attempt is nothing: the workflow tries again


def test_a_silent_reconciler_is_an_alarm(controller: Template) -> None:
    """For this one alarm, missing data counts as breaching."""
    (alarm,) = [one for one in _alarms(controller) if one["TreatMissingData"] == "breaching"]
    assert alarm["MetricName"] == "Invocations"


def test_every_alarm_publishes_on_the_notifications(controller: Template) -> None:
    """People are notified of every alarm, by a topic that alarms may use."""
    (topic,) = controller.of_type("AWS::SNS::Topic")
    assert all(alarm["AlarmActions"] == [{"Ref": topic}] for alarm in _alarms(controller))


def test_notifications_have_a_key_if_that_is_chosen(controller: Template, chosen: Template) -> None:
    """A key costs a dollar a month; CloudWatch must be allowed to use it."""
    assert controller.of_type("AWS::KMS::Key") == {}
    assert "KmsMasterKeyId" in chosen.only("AWS::SNS::Topic")
    statements = chosen.only("AWS::KMS::Key")["KeyPolicy"]["Statement"]
    assert any(one["Principal"] == {"Service": "cloudwatch.amazonaws.com"} for one in statements)


def test_notifications_travel_by_tls_only(controller: Template) -> None:
    """The topic refuses publishers without TLS."""
    statements = controller.only("AWS::SNS::TopicPolicy")["PolicyDocument"]["Statement"]
    assert any(one["Effect"] == "Deny" and "aws:SecureTransport" in str(one["Condition"]) for one in statements)


def test_the_machines_are_logged_without_payloads_and_traced(controller: Template) -> None:
    """The log has events and times, and no payloads."""
    for machine in controller.of_type("AWS::StepFunctions::StateMachine").values():
        logging = machine["LoggingConfiguration"]
        assert (machine["StateMachineType"], logging["Level"], logging["IncludeExecutionData"]) == (
            "STANDARD", "ALL", False,
        )  # fmt: skip
        assert machine["TracingConfiguration"] == {"Enabled": True}


def test_the_command_line_finds_everything_in_one_parameter(controller: Template) -> None:
    """`/selfright/controller` says where the controller is."""
    parameter = controller.named("AWS::SSM::Parameter", "Name", "/selfright/controller")
    where = json.loads(controller.text(parameter["Value"]))
    assert set(where) >= {"table", "bucket", "deploy_machine_arn", "rollback_machine_arn", "notifications_topic_arn"}
    assert all(where.values())
    assert set(where["log_groups"]) == {one["LogGroupName"] for one in _function_logs(controller)}


def test_there_is_a_dashboard_if_that_is_chosen(controller: Template, chosen: Template) -> None:
    """The controller has a page in CloudWatch, with the releases of all environments; it costs three dollars."""
    assert controller.of_type("AWS::CloudWatch::Dashboard") == {}
    board = chosen.only("AWS::CloudWatch::Dashboard")
    body = json.loads(chosen.text(board["DashboardBody"]))
    expressions = [
        metric[0]["expression"]
        for widget in body["widgets"]
        for metric in widget["properties"].get("metrics", [])
        if isinstance(metric[0], dict)
    ]
    assert chosen.text(board["DashboardName"]) == "selfright-<AWS::Region>"
    assert any("{Selfright,Application,Environment,Phase}" in one for one in expressions)


def test_the_dashboard_shows_every_alarm(chosen: Template) -> None:
    """All of them, also the one for a silent reconciler."""
    body = json.loads(chosen.text(chosen.only("AWS::CloudWatch::Dashboard")["DashboardBody"]))
    (status,) = [widget for widget in body["widgets"] if widget["type"] == "alarm"]
    alarms = {f"<{name}.Arn>" for name in chosen.of_type("AWS::CloudWatch::Alarm")}
    assert set(status["properties"]["alarms"]) == alarms


def _function_logs(template: Template) -> list[dict[str, Any]]:
    groups = template.of_type("AWS::Logs::LogGroup").values()
    return [one for one in groups if one["LogGroupName"].startswith("/aws/lambda/")]


def _rules(template: Template) -> list[dict[str, Any]]:
    return list(template.of_type("AWS::Events::Rule").values())


def _alarms(template: Template) -> list[dict[str, Any]]:
    return list(template.of_type("AWS::CloudWatch::Alarm").values())
