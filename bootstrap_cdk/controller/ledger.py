"""The ledger: one table with every deployment, its timeline, the turns and the open guards."""

from aws_cdk import RemovalPolicy
from aws_cdk import aws_dynamodb as dynamodb
from constructs import Construct

_STRING = dynamodb.AttributeType.STRING

READ = ["dynamodb:GetItem", "dynamodb:Query"]
WRITE = ["dynamodb:PutItem", "dynamodb:UpdateItem"]
DELETE = ["dynamodb:DeleteItem"]
"""Only guards are ever deleted, by those who end deployments."""


class Ledger(Construct):
    """Paid by request, encrypted, with point-in-time recovery; old entries expire by themselves."""

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
        self._index("by_environment", "environment_key")
        self._index("open", "open")

    def _index(self, name: str, partition: str) -> None:
        self.table.add_global_secondary_index(
            index_name=name,
            partition_key=dynamodb.Attribute(name=partition, type=_STRING),
            sort_key=dynamodb.Attribute(name="sort_key", type=_STRING),
        )

    @property
    def resources(self) -> list[str]:
        """The table and its two indexes, for a policy."""
        arn = self.table.table_arn
        return [arn, f"{arn}/index/by_environment", f"{arn}/index/open"]
