"""Every alarm is heard: CloudWatch may publish on the topic that it names, and use the key that encrypts it."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_sns as sns

from bootstrap_cdk.app import add_stacks, new_app
from bootstrap_cdk.settings import ControllerSettings, SmartPackSettings
from selfright.cdk import DeploymentPreference, Environment
from tests.infrastructure.templates import Synthesized, Template, as_list
from tests.infrastructure.test_smartpack_options import ALL, BEFORE_THE_FIRST_IMAGE

PAGE = Path(__file__).parents[2] / "docs" / "environment.md"
ALARMS = ("AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm")
ACTIONS = ("AlarmActions", "OKActions", "InsufficientDataActions")
ONLY_BY_TLS = {"Bool": {"aws:SecureTransport": "false"}}
CLOUDWATCH = "cloudwatch.amazonaws.com"
EDGE = {
    "account": "111122223333",
    "domain_name": "pack.example.com",
    "hosted_zone_name": "example.com",
    "hosted_zone_id": "Z0123456789ABC",
    "waf": True,
}
SOURCES = {
    "arn:<AWS::Partition>:cloudwatch:<AWS::Region>:<AWS::AccountId>:alarm:*",
    "arn:<AWS::Partition>:cloudwatch:us-east-1:111122223333:alarm:*",
    "arn:<AWS::Partition>:cloudwatch:eu-central-1:111122223333:alarm:*",
}
"""The alarms of the stack's own region and account, as a template says it with and without a fixed environment."""
WITH_ALARMS = {
    "everything": {"SelfrightController", "SmartPack", "SmartPack-new", "SmartPack-staging"},
    "elsewhere": {"SelfrightController", "SmartPack", "SmartPack-EdgeAlarms-eu-central-1"},
    "here": {"SelfrightController", "SmartPack"},
    "example": {"Shop"},
    "own_topics": {"Plain", "ByTlsOnly"},
}
"""The stacks of each assembly with alarm actions; the edge's own has none."""


@pytest.fixture(scope="module")
def assemblies(
    package: Path, synthesized: Synthesized, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], dict[str, Template]]:
    """The templates of an assembly, by the stack's name; each is made when it is needed."""
    controller = ControllerSettings(package)

    def made(name: str) -> dict[str, Template]:
        folder = tmp_path_factory.mktemp(name)
        app = new_app(folder)
        match name:
            case "everything":
                add_stacks(app, controller, [ALL, BEFORE_THE_FIRST_IMAGE])
            case "elsewhere":
                add_stacks(app, controller, [SmartPackSettings(region="eu-central-1", **EDGE)])
            case "here":
                add_stacks(app, controller, [SmartPackSettings(region="us-east-1", **EDGE)])
            case "example":
                _example()(app, "Shop")
            case "own_topics":
                _with_topic(Stack(app, "Plain"), enforce_ssl=False)
                _with_topic(Stack(app, "ByTlsOnly"), enforce_ssl=True)
        app.synth()
        found = _templates(folder)
        return {**_templates(synthesized.folder), **found} if name == "everything" else found

    return made


def _templates(folder: Path) -> dict[str, Template]:
    names = [path.name.removesuffix(".template.json") for path in folder.glob("*.template.json")]
    return {name: Synthesized(folder).template(name) for name in names}


def _example() -> Any:  # noqa: ANN401 - a class that the page defines
    blocks = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    (example,) = [block for block in blocks if "(Stack)" in block]
    names: dict[str, Any] = {}
    exec(compile(example, PAGE, "exec"), names)  # noqa: S102 - our own documentation
    return names["Shop"]


def _with_topic(stack: Stack, *, enforce_ssl: bool) -> None:
    """An environment whose alarm uses the application's own topic."""
    topic = sns.Topic(stack, "Alarms", enforce_ssl=enforce_ssl)
    metric = cloudwatch.Metric(namespace="Shop", metric_name="Errors")
    alarm = cloudwatch.Alarm(stack, "Errors", metric=metric, threshold=1, evaluation_periods=1)
    Environment(
        stack,
        "Environment",
        application="shop",
        environment="prod",
        components={},
        deployment_preference=DeploymentPreference(alarms=[alarm]),
        topic=topic,
    )  # fmt: skip


@pytest.mark.parametrize("assembly", WITH_ALARMS)
def test_every_alarm_reaches_its_topic(assembly: str, assemblies: Callable[[str], dict[str, Template]]) -> None:
    """Every action of every alarm in every template leads to a topic whose policies allow it."""
    templates = assemblies(assembly)
    told = [(stack, alarm, action) for stack in templates for alarm, action in actions(templates[stack])]
    deaf = {
        f"{stack}: {alarm} → {action}": trouble
        for stack, alarm, action in told
        if (trouble := why_not_heard(templates, stack, action))
    }
    assert deaf == {}
    assert {stack for stack, _, _ in told} == WITH_ALARMS[assembly]


def test_the_walk_finds_a_topic_on_which_alarms_may_not_publish() -> None:
    """The policy's only statement requires TLS, and no statement allows CloudWatch."""
    denied = {"Effect": "Deny", "Principal": "*", "Action": "sns:Publish", "Condition": ONLY_BY_TLS}
    topic, key = {"Ref": "Topic"}, {"Fn::GetAtt": ["Key", "Arn"]}
    resources = {
        "Topic": {"Type": "AWS::SNS::Topic", "Properties": {"KmsMasterKeyId": key}},
        "Key": {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": {"Statement": []}}},
        "Policy": {
            "Type": "AWS::SNS::TopicPolicy",
            "Properties": {"Topics": [topic], "PolicyDocument": {"Statement": [{**denied, "Resource": topic}]}},
        },
    }
    found = why_not_heard({"Shop": Template({"Resources": resources})}, "Shop", topic)
    assert found == ["the topic's policy does not let CloudWatch publish", "the key does not let CloudWatch use it"]
    assert why_not_heard({"Shop": Template({"Resources": {}})}, "Shop", topic) == ["no topic of this app"]


def test_a_topic_without_a_policy_keeps_what_its_account_may(
    assemblies: Callable[[str], dict[str, Template]],
) -> None:
    """It accepts the account's alarms; a policy would exclude other publishers."""
    assert assemblies("own_topics")["Plain"].of_type("AWS::SNS::TopicPolicy") == {}


def actions(template: Template) -> Iterator[tuple[str, Any]]:
    """Every action of every alarm, with the alarm's logical id."""
    for kind in ALARMS:
        for name, alarm in template.of_type(kind).items():
            yield from ((name, action) for key in ACTIONS for action in alarm.get(key, []))


def why_not_heard(templates: dict[str, Template], stack: str, action: Any) -> list[str]:  # noqa: ANN401 - of a template
    """The obstacles between an alarm and this action, in words; none if it arrives."""
    stack, action = _home(templates, stack, action)
    template, name = templates[stack], action.get("Ref") if isinstance(action, dict) else None
    topics = template.of_type("AWS::SNS::Topic")
    if name not in topics:
        return ["no topic of this app"]
    policies = [one for one in template.of_type("AWS::SNS::TopicPolicy").values() if action in one["Topics"]]
    statements = [line for one in policies for line in one["PolicyDocument"]["Statement"]]
    trouble = []
    if policies and not any(_lets_publish(template, line, action) for line in statements):
        trouble.append("the topic's policy does not let CloudWatch publish")
    if any(line["Effect"] == "Deny" and line.get("Condition") != ONLY_BY_TLS for line in statements):
        trouble.append("the topic's policy denies more than to go without TLS")
    if not _lets_encrypt(template, topics[name].get("KmsMasterKeyId")):
        trouble.append("the key does not let CloudWatch use it")
    return trouble


def _home(templates: dict[str, Template], stack: str, action: Any) -> tuple[str, Any]:  # noqa: ANN401 - of a template
    """The stack and the reference behind an import from another stack of the same app."""
    if not (isinstance(action, dict) and "Fn::ImportValue" in action):
        return stack, action
    for name, template in templates.items():
        for output in template.document.get("Outputs", {}).values():
            if output.get("Export", {}).get("Name") == action["Fn::ImportValue"]:
                return name, output["Value"]
    return stack, action


def _lets_publish(template: Template, line: dict[str, Any], topic: Any) -> bool:  # noqa: ANN401 - of a template
    """Whether the statement lets exactly this account's alarms publish."""
    source = template.text(line.get("Condition", {}).get("ArnLike", {}).get("aws:SourceArn"))
    account = line.get("Condition", {}).get("StringEquals", {}).get("aws:SourceAccount")
    return (
        (line["Effect"], line["Principal"], line["Resource"]) == ("Allow", {"Service": CLOUDWATCH}, topic)
        and "sns:Publish" in as_list(line["Action"])
        and source in SOURCES
        and account in ({"Ref": "AWS::AccountId"}, "111122223333")
    )


def _lets_encrypt(template: Template, key: Any) -> bool:  # noqa: ANN401 - of a template
    """Whether CloudWatch may use the key; a topic without one needs none, and that of AWS may not be used."""
    if key is None:
        return True
    match key:
        case {"Fn::GetAtt": [name, "Arn"]} | {"Ref": name}:
            lines = template.of_type("AWS::KMS::Key")[name]["KeyPolicy"]["Statement"]
        case _:
            return False
    ours = [line for line in lines if line["Effect"] == "Allow" and line["Principal"] == {"Service": CLOUDWATCH}]
    allowed = {action for line in ours for action in as_list(line["Action"])}
    return {"kms:Decrypt", "kms:GenerateDataKey*"} <= allowed
