"""What a change of a stack would do to the data in it."""

import pytest

from controller.domain.components.stack.changes import Allowed, Change, advice, dangers, describe, read_change

TABLE = "AWS::DynamoDB::Table"


def test_a_change_is_read_from_aws() -> None:
    """Its properties are those that require a new resource."""
    details = [
        {"Target": {"Attribute": "Properties", "Name": "KeySchema", "RequiresRecreation": "Always"}},
        {"Target": {"Attribute": "Properties", "Name": "Tags", "RequiresRecreation": "Never"}},
        {"Target": {"Attribute": "Tags"}},
    ]
    document = {
        "Action": "Modify",
        "LogicalResourceId": "Items",
        "ResourceType": TABLE,
        "Replacement": "True",
        "PolicyAction": "ReplaceAndDelete",
        "Details": details,
    }
    change = read_change(document)
    assert change == Change("Modify", "Items", TABLE, "True", ("KeySchema",), "ReplaceAndDelete")
    assert describe(change) == f"Items ({TABLE}) would be replaced because of KeySchema"


@pytest.mark.parametrize(
    ("change", "is_refused"),
    [
        (Change("Add", "A", TABLE), False),
        (Change("Import", "A", TABLE), False),
        (Change("Modify", "A", TABLE, "False"), False),
        (Change("Modify", "A", TABLE, "True"), True),
        (Change("Modify", "A", TABLE, "Conditional"), True),
        (Change("Remove", "A", TABLE), True),
        (Change("Remove", "A", TABLE, policy="Retain"), False),
        (Change("Remove", "A", TABLE, policy="Snapshot"), True),
        (Change("Dynamic", "A", TABLE), True),
        (Change("SomethingNew", "A", TABLE), True),
        (Change("Remove", "A", "AWS::SNS::Topic"), False),
        (Change("Modify", "A", "AWS::Lambda::Permission", "True"), False),
        (Change("Modify", "A", "AWS::SNS::Topic", "True", policy="ReplaceAndRetain"), True),
        (Change("Remove", "A", "AWS::SNS::Topic", policy="Snapshot"), True),
        (Change("Modify", "A", "AWS::CloudFormation::Stack", "False"), True),
        (Change("Add", "A", "AWS::CloudFormation::Stack"), False),
        (Change("Remove", "A", "AWS::S3Tables::TableBucket"), True),
        (Change("Remove", "A", "AWS::DSQL::Cluster"), True),
        (Change("Modify", "A", "AWS::EC2::EIP", "True"), True),
        (Change("Remove", "A", "Custom::Database"), True),
        (Change("Remove", "A", "AWS::CloudFormation::CustomResource"), True),
        (Change("Modify", "A", "AWS::ServiceCatalog::CloudFormationProvisionedProduct", "False"), True),
        (Change("Remove", "A", "AWS::Events::Archive"), True),
        (Change("Remove", "A", "AWS::Lightsail::Database"), True),
        (Change("Remove", "A", "Vendor::Made::Thing::MODULE"), True),
        (Change("Remove", "A", "AWS::Brand::New"), True),
        (Change("Modify", "A", "AWS::ApiGatewayV2::Api", "True"), True),
        (Change("Remove", "A", "AWS::Lambda::Function"), False),
        (Change("Remove", "A", "AWS::AppSync::Resolver"), False),
        (Change("Modify", "A", "AWS::AutoScaling::LaunchConfiguration", "True"), False),
        (Change("Remove", "A", "AWS::CloudWatch::Alarm"), False),
    ],
)
def test_a_resource_with_data_is_neither_replaced_nor_deleted(change: Change, is_refused: bool) -> None:
    """Nor is data that the author wants to keep; unknown effects and opaque types are refused too."""
    assert dangers([change], Allowed()) == ([change] if is_refused else [])


def test_the_environment_allows_by_name() -> None:
    """Replacing and deleting are allowed separately; an unknown effect needs both."""
    gone, new, unknown = (
        Change("Remove", "A", TABLE),
        Change("Modify", "B", TABLE, "True"),
        Change("Dynamic", "C", TABLE),
    )
    both = [unknown, new, gone]
    assert dangers(both, Allowed()) == [gone, new, unknown]
    assert dangers(both, Allowed(replacement=["B", "C"], deletion=["A"])) == [unknown]
    assert dangers(both, Allowed(replacement=["A", "C"], deletion=["B", "C"])) == [gone, new]
    assert dangers(both, Allowed(["*"], ["*"])) == []


def test_the_advice_is_the_setting_for_the_environment() -> None:
    """Users can copy it into the environment."""
    told = advice([Change("Remove", "A", TABLE), Change("Modify", "B", TABLE, "Conditional")])
    assert told.endswith("set `allow_deletion: [A, B]` and `allow_replacement: [B]` in the environment")
