"""What a task may do of all that a deploy role may do: the session policy with which it assumes the role.

A session policy holds 2,048 characters, too few for the resources of an application, so it narrows by actions; which
resources they reach is the role's. So a task that moves traffic can neither stage nor delete, whatever its code does.
A test compares these actions with those that the constructs grant for each function.
"""

import json
from collections.abc import Mapping, Sequence

_READ_TRAFFIC = (
    *("cloudfront:GetFunction", "kms:Decrypt", "lambda:GetAlias", "lambda:GetFunctionConfiguration"),
    *("lambda:ListAliases", "s3:GetObject", "s3:ListBucket", "ssm:GetParameter", "ssm:GetParametersByPath"),
    *("states:DescribeStateMachine", "states:DescribeStateMachineAlias"),
)
_READ = (*_READ_TRAFFIC, "cloudformation:DescribeStacks", "cloudformation:GetTemplate")
"""Every function may see what is live."""
_CHANGE_SETS = (
    *("cloudformation:CreateChangeSet", "cloudformation:DeleteChangeSet", "cloudformation:DescribeChangeSet"),
    *("cloudformation:DescribeStackEvents", "cloudformation:ExecuteChangeSet", "iam:PassRole"),
)
_MOVE = (
    *("cloudfront:PublishFunction", "cloudfront:UpdateFunction", "lambda:UpdateAlias"),
    *("ssm:GetParameterHistory", "ssm:PutParameter", "states:UpdateStateMachineAlias"),
)
_ARRIVAL = ("cloudfront:GetDistribution", "lambda:InvokeFunction")
"""Whether a change of traffic has arrived at the visitors."""
_DELETE = (
    *("ecr:BatchDeleteImage", "ecr:ListImages", "lambda:DeleteFunction", "lambda:DeleteProvisionedConcurrencyConfig"),
    *("lambda:ListProvisionedConcurrencyConfigs", "lambda:ListVersionsByFunction"),
    *("s3:DeleteObject", "ssm:DeleteParameters"),
    *("states:DeleteStateMachineVersion", "states:ListStateMachineAliases", "states:ListStateMachineVersions"),
)
_ACTIONS: Mapping[str, Sequence[str]] = {
    "stage": (
        *_READ,
        *_CHANGE_SETS,
        *("apigateway:GET", "cloudfront:GetDistribution", "cloudfront:GetDistributionConfig"),
        *(
            "ecr:BatchCheckLayerAvailability",
            "ecr:BatchGetImage",
            "ecr:CompleteLayerUpload",
            "ecr:DescribeRepositories",
        ),
        *("ecr:InitiateLayerUpload", "ecr:PutImage", "ecr:UploadLayerPart"),
        *("kms:CreateGrant", "kms:Encrypt", "kms:GenerateDataKey"),
        *("lambda:DeleteProvisionedConcurrencyConfig", "lambda:GetFunction", "lambda:GetProvisionedConcurrencyConfig"),
        *("lambda:PublishVersion", "lambda:PutProvisionedConcurrencyConfig"),
        *("lambda:UpdateFunctionCode", "lambda:UpdateFunctionConfiguration"),
        *("lambda:GetPolicy", "lambda:ListEventSourceMappings", "lambda:ListFunctionUrlConfigs"),
        *("events:ListEventBuses", "events:ListRuleNamesByTarget", "pipes:ListPipes", "scheduler:ListSchedules"),
        *("rds:AddTagsToResource", "rds:CreateDBClusterSnapshot", "rds:CreateDBSnapshot", "rds:DescribeDBClusters"),
        *("rds:DescribeDBClusterSnapshots", "rds:DescribeDBInstances", "rds:DescribeDBSnapshots"),
        *("s3:PutObject", "secretsmanager:GetSecretValue", "ssm:PutParameter"),
        *("states:PublishStateMachineVersion", "states:UpdateStateMachine"),
    ),
    "check": (*_READ, *_ARRIVAL, "apigateway:GET", "s3:GetBucketPolicy"),
    "traffic": (
        *_READ,
        *_CHANGE_SETS,
        *("cloudformation:CancelUpdateStack", "cloudformation:DeleteStack", "cloudformation:ListStackResources"),
        *_MOVE,
    ),
    "on_alarm": (*_READ, *_MOVE),
    "close": (
        *_READ,
        *_ARRIVAL,
        "apigateway:GET",
        *_DELETE,
        *("rds:DeleteDBClusterSnapshot", "rds:DeleteDBSnapshot"),
        *("rds:DescribeDBClusterSnapshots", "rds:DescribeDBSnapshots"),
    ),
    "reconcile": (*_READ_TRAFFIC, *_DELETE),
}
"""Function → the actions of its tasks."""
_WRITTEN = {"stage": "/*/revisions/*", "traffic": "/*/current", "on_alarm": "/*/current"}
"""Function → the parameters that it writes: what stages never moves the pointer, what moves never writes a revision."""
_PUT = "ssm:PutParameter"


def session_policy(function: str, partition: str = "aws") -> str:
    """The policy for the sessions of a function of the controller; raises `KeyError` for one that needs no role."""
    everywhere = [one for one in _ACTIONS[function] if one != _PUT]
    statements = [{"Effect": "Allow", "Action": everywhere, "Resource": "*"}]
    if function in _WRITTEN:
        parameters = f"arn:{partition}:ssm:*:*:parameter{_WRITTEN[function]}"
        statements.append({"Effect": "Allow", "Action": [_PUT], "Resource": parameters})
    return json.dumps({"Version": "2012-10-17", "Statement": statements}, separators=(",", ":"))
