"""An application with a database: what its environment says, and the permissions on its snapshots."""

import json

import pytest
from aws_cdk import Stack, Validations
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_rds as rds
from cdk_nag import AwsSolutionsChecks
from cfnlint.api import ManualArgs, lint_file

from bootstrap_cdk.app import new_app
from controller.domain.components.database.target import DatabaseTarget
from controller.domain.environment import Environment
from controller.domain.restore_point import snapshot_id
from selfright.cdk import DatabaseComponent, DeclarationError, DeploymentPreference, EncryptedTopic
from selfright.cdk import Environment as EnvironmentConstruct
from selfright.cdk.names import Group
from tests.infrastructure.templates import Synthesized, Template
from tests.infrastructure.test_rules import RESOURCES_FIT_ACTIONS, WRITTEN_BY_CDK

ROOT = "arn:<AWS::Partition>:rds:<AWS::Region>:<AWS::AccountId>"


@pytest.fixture(scope="module")
def assembly(tmp_path_factory: pytest.TempPathFactory) -> Synthesized:
    """The shop's stack, with existing databases."""
    folder = tmp_path_factory.mktemp("shop")
    app = new_app(folder)
    stack = Stack(app, "Shop")
    orders = rds.DatabaseInstance.from_database_instance_attributes(
        stack, "Orders", instance_identifier="orders", instance_endpoint_address="orders", port=5432, security_groups=[]
    )
    stock = rds.DatabaseCluster.from_database_cluster_attributes(stack, "Stock", cluster_identifier="stock")
    metric = cloudwatch.Metric(namespace="Shop", metric_name="Errors")
    alarm = cloudwatch.Alarm(stack, "Errors", metric=metric, threshold=1, evaluation_periods=1)
    EnvironmentConstruct(
        stack,
        "Environment",
        application="shop",
        environment="prod",
        components={"orders": DatabaseComponent(orders), "stock": DatabaseComponent(cluster=stock, snapshot="always")},
        deployment_preference=DeploymentPreference(alarms=[alarm]),
        topic=EncryptedTopic(stack, "Alarms", display_name="shop").topic,
    )
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    try:
        app.synth()
    except RuntimeError as error:
        if "ValidationFailed" not in str(error):
            raise
    return Synthesized(folder)


@pytest.fixture(scope="module")
def shop(assembly: Synthesized) -> Template:
    """The shop's template."""
    return assembly.template("Shop")


def granted(shop: Template, group: Group) -> dict[str, set[str]]:
    """Action → resources in RDS that the shop gives to a group."""
    found = shop.allowed(f"{group.function_name}-<AWS::Region>").items()
    return {action: resources for action, resources in found if action.startswith("rds:")}


def test_the_controller_accepts_the_environment(shop: Template) -> None:
    """What CDK writes into SSM is what the controller's own model reads."""
    environment = Environment.model_validate(json.loads(shop.registered()))
    assert environment.outside_bundles == {
        "orders": DatabaseTarget(kind="database", instance="orders"),
        "stock": DatabaseTarget(kind="database", cluster="stock", snapshot="always"),
    }


def test_snapshots_are_made_of_these_databases_under_our_names_only(shop: Template) -> None:
    """The function that records the restore point makes them; it may not delete or restore any."""
    assert granted(shop, Group.STAGE) == {
        "rds:DescribeDBInstances": {f"{ROOT}:db:orders", f"{ROOT}:db:*"},
        "rds:DescribeDBClusters": {f"{ROOT}:cluster:stock"},
        "rds:DescribeDBSnapshots": {f"{ROOT}:db:orders", f"{ROOT}:snapshot:*"},
        "rds:DescribeDBClusterSnapshots": {f"{ROOT}:cluster:stock", f"{ROOT}:cluster-snapshot:*"},
        "rds:CreateDBSnapshot": {f"{ROOT}:db:orders", f"{ROOT}:snapshot:selfright-orders-*"},
        "rds:CreateDBClusterSnapshot": {f"{ROOT}:cluster:stock", f"{ROOT}:cluster-snapshot:selfright-stock-*"},
        "rds:AddTagsToResource": {f"{ROOT}:snapshot:selfright-orders-*", f"{ROOT}:cluster-snapshot:selfright-stock-*"},
    }


def test_only_snapshots_of_ours_are_deleted_and_nobody_restores(shop: Template) -> None:
    """Restoring a database is a person's command."""
    assert granted(shop, Group.CLOSE) == {
        "rds:DescribeDBSnapshots": {f"{ROOT}:db:orders", f"{ROOT}:snapshot:*"},
        "rds:DescribeDBClusterSnapshots": {f"{ROOT}:cluster:stock", f"{ROOT}:cluster-snapshot:*"},
        "rds:DeleteDBSnapshot": {f"{ROOT}:snapshot:selfright-orders-*"},
        "rds:DeleteDBClusterSnapshot": {f"{ROOT}:cluster-snapshot:selfright-stock-*"},
    }
    assert not any(granted(shop, group) for group in Group if group not in {Group.STAGE, Group.CLOSE})


def test_the_adapters_names_are_those_that_are_allowed() -> None:
    """Otherwise every snapshot would be denied."""
    assert snapshot_id("orders", "any").startswith("selfright-orders-")


@pytest.mark.slow
def test_the_rules_of_others_find_nothing(assembly: Synthesized) -> None:
    """Neither cdk-nag in what the construct makes, nor cfn-lint in the actions."""
    assert [found for found in assembly.findings() if "/Environment/" in found] == []
    arguments = ManualArgs(ignore_checks=list(WRITTEN_BY_CDK), include_checks=[RESOURCES_FIT_ACTIONS])
    assert [str(match) for match in lint_file(assembly.path("Shop"), arguments)] == []


def test_a_database_is_either_an_instance_or_a_cluster() -> None:
    """Synthesis refuses it before a release would fail."""
    with pytest.raises(DeclarationError, match="either an"):
        DatabaseComponent()
