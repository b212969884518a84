"""The artifacts bucket: bundles are uploaded under `incoming/`, and staged files are under `staging/`.

The restore points of deployments are kept under `restore-points/`, longer than anything else.
"""

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_s3 as s3
from constructs import Construct

from selfright.cdk.exceptions import accept

INCOMING = "incoming/"
STAGING = "staging/"
RESTORE_POINTS = "restore-points/"


class Artifacts(Construct):
    """The bucket: versioned, encrypted, private, reached by TLS only; every upload is an event."""

    def __init__(self, scope: Construct, construct_id: str, *, protected: bool) -> None:
        super().__init__(scope, construct_id)
        self.bucket = s3.Bucket(
            self,
            "Bucket",
            versioned=True,
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=True,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            lifecycle_rules=_lifecycle(),
            removal_policy=RemovalPolicy.RETAIN if protected else RemovalPolicy.DESTROY,
        )
        _send_events(self.bucket)
        accept(
            self.bucket,
            "The ledger records every upload with its version and digest; IAM says who may upload, and "
            "CloudTrail's data events record callers more completely than access logs.",
            "AwsSolutions-S1",
        )


def _send_events(bucket: s3.Bucket) -> None:
    """Turn EventBridge on in the template itself: the L2 property does it with a custom resource and a Lambda."""
    resource = bucket.node.default_child
    if isinstance(resource, s3.CfnBucket):
        resource.notification_configuration = s3.CfnBucket.NotificationConfigurationProperty(
            event_bridge_configuration=s3.CfnBucket.EventBridgeConfigurationProperty(event_bridge_enabled=True)
        )


def _lifecycle() -> list[s3.LifecycleRule]:
    """How long objects are kept.

    A deployment reads its bundle until it is closed, at most days later; staged files can be staged again. A restore
    point outlives the bundle and the timeline (400 days) of its deployment: recovery then has nothing else.
    """
    return [
        s3.LifecycleRule(
            id="bundles",
            prefix=INCOMING,
            expiration=Duration.days(365),
            noncurrent_version_expiration=Duration.days(90),
            abort_incomplete_multipart_upload_after=Duration.days(1),
        ),
        s3.LifecycleRule(
            id="staging",
            prefix=STAGING,
            expiration=Duration.days(30),
            noncurrent_version_expiration=Duration.days(1),
            abort_incomplete_multipart_upload_after=Duration.days(1),
        ),
        s3.LifecycleRule(
            id="restore-points",
            prefix=RESTORE_POINTS,
            expiration=Duration.days(450),
            noncurrent_version_expiration=Duration.days(90),
            abort_incomplete_multipart_upload_after=Duration.days(1),
        ),
    ]
