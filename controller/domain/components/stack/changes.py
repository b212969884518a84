"""What a change of a stack would do to the data in it: the policy, without AWS.

A change set says for every resource what would happen to it. A resource that holds data, or an identity that others
rely on, may be replaced or deleted only if the environment allows it by the resource's name. An effect that AWS cannot
predict counts as the worst one.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

EVERYTHING = "*"
STATEFUL = frozenset(
    {
        "AWS::AmazonMQ::Broker",
        "AWS::Backup::BackupVault",
        "AWS::Cassandra::Keyspace",
        "AWS::Cassandra::Table",
        "AWS::CertificateManager::Certificate",
        "AWS::CloudTrail::EventDataStore",
        "AWS::CodeCommit::Repository",
        "AWS::Cognito::IdentityPool",
        "AWS::Cognito::UserPool",
        "AWS::DAX::Cluster",
        "AWS::DSQL::Cluster",
        "AWS::DocDB::DBCluster",
        "AWS::DocDBElastic::Cluster",
        "AWS::DynamoDB::GlobalTable",
        "AWS::DynamoDB::Table",
        "AWS::EC2::EIP",
        "AWS::EC2::Volume",
        "AWS::ECR::Repository",
        "AWS::EFS::FileSystem",
        "AWS::ElastiCache::CacheCluster",
        "AWS::ElastiCache::ReplicationGroup",
        "AWS::ElastiCache::ServerlessCache",
        "AWS::Elasticsearch::Domain",
        "AWS::FSx::FileSystem",
        "AWS::KMS::Key",
        "AWS::KMS::ReplicaKey",
        "AWS::Kinesis::Stream",
        "AWS::Logs::LogGroup",
        "AWS::MSK::Cluster",
        "AWS::MSK::ServerlessCluster",
        "AWS::MemoryDB::Cluster",
        "AWS::Neptune::DBCluster",
        "AWS::NeptuneGraph::Graph",
        "AWS::OpenSearchServerless::Collection",
        "AWS::OpenSearchService::Domain",
        "AWS::QLDB::Ledger",
        "AWS::RDS::DBCluster",
        "AWS::RDS::DBInstance",
        "AWS::RDS::DBShardGroup",
        "AWS::RDS::GlobalCluster",
        "AWS::Redshift::Cluster",
        "AWS::RedshiftServerless::Namespace",
        "AWS::Route53::HostedZone",
        "AWS::S3::Bucket",
        "AWS::S3Express::DirectoryBucket",
        "AWS::S3Tables::Table",
        "AWS::S3Tables::TableBucket",
        "AWS::S3Vectors::VectorBucket",
        "AWS::SDB::Domain",
        "AWS::SQS::Queue",
        "AWS::SecretsManager::Secret",
        "AWS::Timestream::Database",
        "AWS::Timestream::InfluxDBInstance",
        "AWS::Timestream::Table",
    }
)
"""The types of resources that hold data, or an identity that cannot be created again."""
OPAQUE = frozenset({"AWS::CloudFormation::Stack"})
"""Types that hide what is inside them: any change of such a resource can do anything."""
KEEPING = ("Retain", "Snapshot")
"""The deletion policies with which a template's author protects data from the deletion of its resource."""

Effect = Literal["deleted", "replaced", "unknown", ""]


@dataclass(frozen=True)
class Change:
    """What a change set says about one resource.

    `action`: Add, Modify, Remove, Import or Dynamic; `replacement`: True, Conditional, False or "" (not stated);
    `properties`: those that cause it; `policy`: what happens to a removed resource (Delete, ReplaceAndRetain, …).
    """

    action: str
    logical_id: str
    type: str
    replacement: str = ""
    properties: tuple[str, ...] = ()
    policy: str = ""

    @property
    def effect(self) -> Effect:
        """What happens to the existing resource; "" when it stays."""
        if self.action == "Remove":
            return "" if self.policy == "Retain" else "deleted"
        if self.action in {"Add", "Import"}:
            return ""
        if self.action == "Modify" and self.type not in OPAQUE:
            return {"True": "replaced", "Conditional": "unknown"}.get(self.replacement, "")  # type: ignore[return-value]
        return "unknown"

    @property
    def is_stateful(self) -> bool:
        """Whether it is protected: by its type, or because the template's author wants to keep its data."""
        return self.type in STATEFUL | OPAQUE or self.policy.removeprefix("ReplaceAnd") in KEEPING


@dataclass(frozen=True)
class Allowed:
    """The logical ids of the resources that an environment lets releases replace and delete; `*` is all of them."""

    replacement: Collection[str] = ()
    deletion: Collection[str] = ()

    def covers(self, change: Change) -> bool:
        """Whether the environment allows this effect on the resource."""
        needed = {"deleted": (self.deletion,), "replaced": (self.replacement,)}
        lists = needed.get(change.effect, (self.replacement, self.deletion))
        return all(change.logical_id in names or EVERYTHING in names for names in lists)


def read_change(document: Mapping[str, Any]) -> Change:
    """A `ResourceChange` of DescribeChangeSet."""
    targets = [detail.get("Target", {}) for detail in document.get("Details", [])]
    names = {str(target["Name"]): target.get("RequiresRecreation") for target in targets if target.get("Name")}
    causes = [name for name, recreation in names.items() if recreation != "Never"] or list(names)
    return Change(
        action=str(document.get("Action", "Dynamic")),
        logical_id=str(document.get("LogicalResourceId", "")),
        type=str(document.get("ResourceType", "")),
        replacement=str(document.get("Replacement", "")),
        properties=tuple(sorted(causes)),
        policy=str(document.get("PolicyAction", "")),
    )


def dangers(changes: Iterable[Change], allowed: Allowed) -> list[Change]:
    """The changes that are refused, sorted by logical id."""
    found = [change for change in changes if change.effect and change.is_stateful and not allowed.covers(change)]
    return sorted(found, key=lambda change: change.logical_id)


def describe(change: Change) -> str:
    """A refused change in words: the resource, what would happen to it, and which properties cause it."""
    because = f" because of {', '.join(change.properties)}" if change.properties else ""
    would = {
        "deleted": "would be deleted",
        "replaced": f"would be replaced{because}",
        "unknown": f"might be replaced or deleted{because} (AWS cannot tell beforehand)",
    }
    return f"{change.logical_id} ({change.type}) {would.get(change.effect, 'would stay')}"


def advice(changes: Iterable[Change]) -> str:
    """What the environment must say to allow these changes."""
    changes = list(changes)
    lists = {
        "allow_deletion": [one.logical_id for one in changes if one.effect in {"deleted", "unknown"}],
        "allow_replacement": [one.logical_id for one in changes if one.effect in {"replaced", "unknown"}],
    }
    wanted = " and ".join(f"`{key}: [{', '.join(names)}]`" for key, names in lists.items() if names)
    return f"If that is what you want, set {wanted} in the environment"


def refusal(stack_name: str, changes: Iterable[Change]) -> str:
    """Why a release with these changes is refused, and what the environment must say to allow them."""
    changes = list(changes)
    return f"Refused to change the stack {stack_name}: {'; '.join(map(describe, changes))}. {advice(changes)}."
