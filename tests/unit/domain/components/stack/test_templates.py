"""A stack's template: what is refused before the upload, and what a rollback restores."""

import json
from typing import Any

import pytest

from controller.domain.components.stack.templates import (
    MAX_RESOURCES,
    added,
    keeping,
    parse_template,
    read_template,
    revision_of,
)
from controller.errors import InvalidBundleError

YAML = b"""\
AWSTemplateFormatVersion: 2010-09-09
Parameters:
  Mode: {Type: String, Default: yes}
  Size: {Type: Number, Default: 3}
Conditions:
  Fast: !Equals [!Ref Mode, fast]
Resources:
  Queue:
    Type: AWS::SQS::Queue
    Condition: Fast
    Properties:
      QueueName: !Sub '${AWS::StackName}-jobs'
      RedrivePolicy: {deadLetterTargetArn: !GetAtt Dead.Arn, maxReceiveCount: 5}
  Dead: {Type: AWS::SQS::Queue}
"""


def test_short_forms_are_read() -> None:
    """They mean the same as in CloudFormation."""
    template = parse_template(YAML, "infra.yaml")
    assert template.resources == {"Queue": "AWS::SQS::Queue", "Dead": "AWS::SQS::Queue"}
    properties = template.content["Resources"]["Queue"]["Properties"]
    assert properties["QueueName"] == {"Fn::Sub": "${AWS::StackName}-jobs"}
    assert properties["RedrivePolicy"]["deadLetterTargetArn"] == {"Fn::GetAtt": ["Dead", "Arn"]}
    assert template.content["Conditions"] == {"Fast": {"Fn::Equals": [{"Ref": "Mode"}, "fast"]}}
    assert template.content["AWSTemplateFormatVersion"] == "2010-09-09"
    assert not template.uses_macros


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"Resources: [", "cannot be read: line 1"),
        (b'{"Resources": ', "cannot be read"),
        (b"- a", "has no `Resources`"),
        (b"Resources: {}", "has no `Resources`"),
        (b"Resources: {A: {Properties: {}}}", "the resource 'A' has no `Type`"),
        (b"Parameters: [a]\nResources: {A: {Type: AWS::SNS::Topic}}", "`Parameters` must be keys"),
        (b"Parameters: {A: String}\nResources: {A: {Type: AWS::SNS::Topic}}", "and so must each of them"),
        (b"Resources: {A: &a {Type: AWS::SNS::Topic}, B: *a}", "anchors and aliases"),
        (b"Resources: {A: {Type: AWS::SNS::Topic}}\nResources: {}", "appears twice"),
        ("Resources: {A: {Type: AWS::SNS::Topic, Metadata: é}}".encode(), "ASCII"),
        (b"Resources: {A: {Type: AWS::SNS::Topic}} #" + b"x" * 1_000_000, "at most 1,000,000"),
        (b"Resources: " + b"[" * 200 + b"]" * 200, "nested more than 100 deep"),
    ],
)
def test_an_impossible_template_is_refused(text: bytes, said: str) -> None:
    """The message has the mistake and its place."""
    with pytest.raises(InvalidBundleError, match=said):
        parse_template(text, "infra.yaml")


def test_too_many_resources_are_refused() -> None:
    """The limit is CloudFormation's own."""
    many = {f"T{number}": {"Type": "AWS::SNS::Topic"} for number in range(MAX_RESOURCES + 1)}
    with pytest.raises(InvalidBundleError, match="501 resources"):
        parse_template(json.dumps({"Resources": many}).encode(), "infra.json")


@pytest.mark.parametrize("where", ["top", "inside"])
def test_macros_are_found(where: str) -> None:
    """They are found anywhere in the template."""
    topic: dict[str, Any] = {"Type": "AWS::SNS::Topic"}
    inside = {"Resources": {"A": {**topic, "Properties": [{"Fn::Transform": {"Name": "AWS::Include"}}]}}}
    content = inside if where == "inside" else {"Transform": ["Mine"], "Resources": {"A": topic}}
    assert read_template(json.dumps(content), "t").uses_macros


def test_macros_in_deep_nesting_are_found() -> None:
    """The depth of JSON is not limited."""
    deep = "[" * 700 + "]" * 700
    text = f'{{"Resources": {{"A": {{"Type": "AWS::SNS::Topic", "Metadata": {deep}}}}}}}'
    assert not parse_template(text.encode(), "t").uses_macros


def test_every_parameter_has_a_value() -> None:
    """It is the given one, else the default in CloudFormation's form."""
    template = parse_template(YAML, "infra.yaml")
    assert template.parameters({"Size": "4"}) == {"Mode": "true", "Size": "4"}


@pytest.mark.parametrize(
    ("parameters", "given", "said"),
    [
        ({}, {"Other": "x"}, r"no parameter 'Other' \(it has: none\)"),
        ({"Mode": {"Type": "String"}}, {}, "'Mode' has no value"),
        ({"Key": {"Type": "String", "NoEcho": True}}, {"Key": "hunter2"}, "'Key' is secret"),
    ],
)
def test_impossible_parameters_are_refused(parameters: dict[str, Any], given: dict[str, str], said: str) -> None:
    """The message does not have a secret's value."""
    content = {"Parameters": parameters, "Resources": {"A": {"Type": "AWS::SNS::Topic"}}}
    with pytest.raises(InvalidBundleError, match=said) as refused:
        read_template(json.dumps(content), "t").parameters(given)
    assert "hunter2" not in str(refused.value)


def test_a_revision_is_template_and_parameters() -> None:
    """Line ends and the order of parameters do not matter; a value does."""
    one = revision_of("a\nb\n", {"A": "1", "B": "2"})
    assert one == revision_of("a\r\nb", {"B": "2", "A": "1"})
    assert one != revision_of("a\nb", {"A": "1", "B": "3"})


def test_added_resources_are_kept_with_what_they_need() -> None:
    """Changes are undone, and outputs are the former ones."""
    topic = "AWS::SNS::Topic"
    former = {"Resources": {"A": {"Type": topic}, "C": {"Type": topic}}, "Outputs": {"O": {"Value": 1}}}
    present = {
        "Parameters": {"P": {"Type": "String"}},
        "Conditions": {"If": {"Fn::Equals": ["a", "b"]}},
        "Resources": {"A": {"Type": topic, "Properties": {}}, "B": {"Type": topic, "Condition": "If"}},
        "Outputs": {"New": {"Value": 2}},
    }
    before, now = read_template(json.dumps(former), "t"), read_template(json.dumps(present), "t")
    assert added(before, now) == ["B"]
    kept = keeping(before, now)
    assert kept.content == json.loads(kept.text)
    assert kept.content["Resources"] == {**former["Resources"], "B": present["Resources"]["B"]}
    assert (kept.content["Parameters"], kept.content["Outputs"]) == (present["Parameters"], former["Outputs"])
