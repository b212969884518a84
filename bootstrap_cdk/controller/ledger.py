"""The ledger: one table with every deployment, its timeline, the locks and the open guards."""

from aws_cdk import RemovalPolicy
from aws_cdk import aws_dynamodb as dynamodb
from constructs import Construct

_STRING = dynamodb.AttributeType.STRING
BY_ENVIRONMENT, OPEN = "by_environment", "open"
"""The indexes: the history of an environment, for people, and the open deployments, for the reconciler."""

READ = ["dynamodb:GetItem"]
LIST = ["dynamodb:Query"]
WRITE = ["dynamodb:PutItem", "dynamodb:UpdateItem"]
DELETE = ["dynamodb:DeleteItem"]
"""Only guards are ever deleted, by the functions that end deployments."""


class Ledger(Construct):
    """The table: billed by request, encrypted, with point-in-time recovery; old entries expire automatically."""

    def __init__(self, scope: Construct, construct_id: str, *, protected: bool) -> None:
        super().__init__(scope, construct_id)
        self.table = dynamodb.Table(
            self,
            "Table",
            partition_key=dynamodb.Attribute(name="pk", type=_STRING),
            sort_key=dynamodb.Attribute(name="sk", type=_STRING),
            time_to_live_attribute="expires_at",
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            encryption=dynamodb.TableEncryption.AWS_MANAGED,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            deletion_protection=protected,
            removal_policy=RemovalPolicy.RETAIN if protected else RemovalPolicy.DESTROY,
        )
        self._add_index(BY_ENVIRONMENT, "environment_key")
        self._add_index(OPEN, "open")

    def _add_index(self, name: str, partition: str) -> None:
        self.table.add_global_secondary_index(
            index_name=name,
            partition_key=dynamodb.Attribute(name=partition, type=_STRING),
            sort_key=dynamodb.Attribute(name="sort_key", type=_STRING),
        )

    def index(self, name: str) -> str:
        """The ARN of an index."""
        return f"{self.table.table_arn}/index/{name}"
