"""A stack's template: what is refused before the upload, and what a rollback restores."""

import json
import time
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
        (b"Resources: [", "cannot be read: line 2, column 1: while parsing a flow node"),
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


SURE = {
    "yes": True,
    "Off": False,
    "~": None,
    "30": 30,
    "0x1F": 31,
    "1.10": 1.1,
    "2010-09-09": "2010-09-09",
    "=": "=",
    "0819": "0819",
    "y": "y",
    "1e3": "1e3",
    "!!str 010": "010",
}


@pytest.mark.parametrize(("written", "read"), SURE.items(), ids=SURE)
def test_words_of_a_template_are_what_they_are_to_cloudformation(written: str, read: object) -> None:
    """CloudFormation reads YAML 1.1 without timestamps: Selfright must not read another template than it applies."""
    assert read_template(f"Metadata: {{A: {written}}}\nResources: {{A: {{Type: T}}}}", "t").content["Metadata"] == {
        "A": read
    }


@pytest.mark.parametrize(
    "written",
    [
        *("010", "-007", "0b11", "1_000", "0_10", "0x1_F", "1_0.5", "12:30:15", "190:20:30.15", ".inf", ".nan"),
        *("9" * 401, "0" + "7" * 400, "1" + ":1" * 300),
    ],
)
def test_numbers_of_which_people_know_one_of_two_meanings_are_refused(written: str) -> None:
    """With the place, and with what to write instead."""
    text = f"Resources:\n  A: {{Type: T, Size: {written}}}"
    with pytest.raises(InvalidBundleError, match=r"line 2, column 22: '.*' may be a number .* in quotes"):
        read_template(text, "infra.yaml")


@pytest.mark.parametrize("word", ["1" + "_1" * 400_000 + "x", "1:" * 400_000 + "x", "0" + "7" * 900_000 + "x"])
@pytest.mark.timeout(20)
def test_a_word_that_is_almost_a_number_takes_no_longer(word: str) -> None:
    """Patterns that try several ways take hours for such a word."""
    assert read_template(f"Metadata: {word}\nResources: {{A: {{Type: T}}}}", "t").content["Metadata"] == word


def test_keys_of_a_template_are_text() -> None:
    """As in the JSON that CloudFormation makes of it; so `yes` and `true` are one key."""
    text = "Mappings: {Of: {1: {2.5: a}, yes: {~: b}}}\nResources: {A: {Type: T}}"
    assert read_template(text, "t").content["Mappings"]["Of"] == {"1": {"2.5": "a"}, "true": {"null": "b"}}
    with pytest.raises(InvalidBundleError, match="the key 'true' appears twice"):
        read_template("Mappings: {Of: {yes: {}, true: {}}}\nResources: {A: {Type: T}}", "t")


TRICKS = {
    "a key twice": (
        '{"Resources": {"A": {"Type": "T"}}, "Transform": "M", "Transform": ""}',
        "'Transform' appears twice",
    ),
    "a key twice inside": ('{"Resources": {"A": {"Type": "T", "Type": "M"}}}', "'Type' appears twice"),
    "no finite number": ('{"Resources": {"A": {"Type": "T", "Size": 1e999}}}', "the number 1e999 is too large"),
    "not a number": ('{"Resources": {"A": {"Type": "T", "Size": NaN}}}', "NaN is not JSON"),
    "huge number": (f'{{"Resources": {{"A": {{"Type": "T", "Size": {"9" * 5000}}}}}}}', "has 5,000 digits"),
    "huge number in YAML": (f"Resources: {{A: {{Type: T, Size: {'9' * 5000}}}}}", "may be a number"),
    "half of a character": ('{"Resources": {"A": {"Type": "T", "Name": "\\ud800"}}}', "half of a character"),
    "deep": ('{"Resources": ' + "[" * 200 + "]" * 200 + "}", "nested more than 100 deep"),
    "very deep": ('{"Resources": ' + "[" * 90_000, "nested more than 100 deep"),
    "cut off": ('{"Resources": ', "line 1, column 15"),
    "merge key": ("Resources: {A: {<<: {Type: T}}}", "merge keys"),
    "python": ("Resources: {A: !!python/name:os.system {}}", "the tag !!python/name:os.system is not one of"),
    "binary": ("Resources: {A: {Type: !!binary aGk=}}", "the tag !!binary is not one of"),
    "set": ("Resources: !!set {A, B}", "the tag !!set is not one of"),
    "tag by another name": ("%TAG ! tag:x,1:\n---\nResources: {A: !Transform {Name: M}}", "directives"),
    "list as key": ("? [a]\n: b\nResources: {A: {Type: T}}", "a key must be text"),
    "UTF-16": ('{"Resources": {"A": {"Type": "T"}}}'.encode("utf-16-le").decode("ascii"), "column"),
}


@pytest.mark.parametrize(("text", "reason"), TRICKS.values(), ids=TRICKS)
def test_tricks_of_a_template_are_refused(text: str, reason: str) -> None:
    """Nothing in it can mean one thing to Selfright and another one to CloudFormation."""
    with pytest.raises(InvalidBundleError, match=reason):
        parse_template(text.encode(), "infra")


def test_a_resource_without_a_type_is_shown_with_its_place() -> None:
    """A name may be as long as the writer likes."""
    with pytest.raises(InvalidBundleError, match=r"infra\.yaml: line 2, column 3: the resource 'A' has no `Type`"):
        parse_template(b"Resources:\n  A: {}", "infra.yaml")


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


COSTLY = {
    "many lists in YAML": b"Resources:\n  A: [" + b"[]," * 320_000 + b"[]]",
    "many keys in JSON, one twice": b'{"Resources": {'
    + b",".join(b'"%x": 1' % one for one in range(80_000))
    + b',"0":1}}',
    "a long row of numbers": b"Resources: {A: " + b"1:" * 480_000 + b"1}",
    "deep lists": b"Resources: " + b"[" * 900_000,
}


@pytest.mark.parametrize("text", COSTLY.values(), ids=COSTLY)
def test_no_template_within_the_limits_costs_too_much(text: bytes) -> None:
    """It is refused with the reason, whatever its reader does with it."""
    started = time.monotonic()
    with pytest.raises(InvalidBundleError, match="cannot be read"):
        parse_template(text, "infra.yaml")
    assert time.monotonic() - started < 30


def test_a_large_template_keeps_the_places_of_its_keys() -> None:
    """It is read in a process of its own, and comes back whole."""
    text = "Resources:\n" + "".join(f"  R{one}: {{Type: 'AWS::S3::Bucket'}}\n" for one in range(490)) + "  Bad: {}\n"
    with pytest.raises(InvalidBundleError, match="line 492, column 3"):
        parse_template(text.encode(), "infra.yaml")
