"""What the controller's template names in S3 is there, or the controller is not deleted."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from controller.errors import AwsError
from selfright.errors import AdviceError
from selfright.proving.remaking.blueprint import Blueprint
from selfright.proving.remaking.stored_code import StoredCode, check_stored, named_in
from tests.unit.proving.late_account import refused
from tests.unit.proving.remaking.controlled_account import ASSETS, CODE, STACK, ControlledAccount

CHINA = "arn:aws-cn:cloudformation:cn-north-1:444455556666:stack/SelfrightController/1"


def blueprint(properties: Mapping[str, Any], **parameters: str) -> Blueprint:
    """One of a template with this resource, and these parameters."""
    given = [{"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()]
    one = {"Type": "AWS::Lambda::Function", "Properties": properties}
    return Blueprint(json.dumps({"Resources": {"One": one}}), {"Parameters": given})


def code(bucket: object, key: object = CODE) -> Mapping[str, Any]:
    """The properties of a function."""
    return {"Code": {"S3Bucket": bucket, "S3Key": key}}


@pytest.mark.parametrize(
    ("bucket", "name"),
    [
        ("named", "named"),
        ({"Ref": "Files"}, "mine"),
        ({"Fn::Sub": "${Files}-${AWS::AccountId}-${AWS::Region}"}, "mine-444455556666-cn-north-1"),
        ({"Fn::Sub": ["${AWS::Partition}-${own}", {"own": {"Ref": "Files"}}]}, "aws-cn-mine"),
        ({"Fn::Sub": "${!Files}"}, "${Files}"),
        ({"Fn::Join": ["-", ["assets", {"Ref": "AWS::AccountId"}]]}, "assets-444455556666"),
    ],
)
def test_the_name_of_a_bucket_is_that_of_the_stacks_own_place(bucket: object, name: str) -> None:
    """Its account, region and partition, and the values that its parameters have."""
    assert named_in(blueprint(code(bucket), Files="mine"), CHINA) == {StoredCode(name, CODE)}


def test_every_kind_of_file_is_found_wherever_a_property_names_it() -> None:
    """A definition of a state machine, and one version of a layer's code, in a list."""
    definition = {"DefinitionS3Location": {"Bucket": ASSETS, "Key": "machine.json", "Version": "3"}}
    layers = {"Layers": [{"Content": {"S3Bucket": ASSETS, "S3Key": "layer.zip", "S3ObjectVersion": "7"}}]}
    found = named_in(blueprint({**definition, **layers}), CHINA)
    assert found == {StoredCode(ASSETS, "machine.json", "3"), StoredCode(ASSETS, "layer.zip", "7")}


@pytest.mark.parametrize("value", [{"Ref": "Other"}, {"Fn::GetAtt": ["Other", "Name"]}, {"Fn::Sub": "a-${Other.Arn}"}])
def test_a_name_that_cannot_be_told_forbids_it(value: object) -> None:
    """Nothing is taken for there that was not looked at."""
    with pytest.raises(AdviceError, match=r"Which file One .* depends on (Other|Other\.Arn|Fn::GetAtt)\.$"):
        named_in(blueprint(code(value)), CHINA)


def test_each_missing_file_is_named_once_with_what_to_do() -> None:
    """Several functions have the same code; a version that is gone is missing, whatever came after it."""
    account = ControlledAccount(assets={(ASSETS, "there.zip", ""), (ASSETS, "old.zip", "")})
    named = [code(ASSETS), code(ASSETS), code(ASSETS, "there.zip")]
    old = {"S3Bucket": ASSETS, "S3Key": "old.zip", "S3ObjectVersion": "1"}
    with pytest.raises(AdviceError) as caught:
        check_stored(blueprint({"All": [*named, old]}), STACK["StackId"], account)
    assert f"needs s3://{ASSETS}/{CODE}, s3://{ASSETS}/old.zip (version 1), which is gone" in str(caught.value)
    assert caught.value.next_step.startswith("Deploy the controller again")


def test_a_file_that_may_not_be_looked_at_forbids_it() -> None:
    """Nobody knows whether it is there."""

    class Closed(ControlledAccount):
        def head_object(self, **_: str) -> None:
            raise refused("AccessDenied")

    with pytest.raises(AwsError, match="s3:GetObject"):
        check_stored(blueprint(code(ASSETS)), STACK["StackId"], Closed())
