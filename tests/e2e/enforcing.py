"""IAM is enforced: the emulator checks a Lambda's calls by its role's policies, and a command's by the person's.

Differences between the emulator and AWS are corrected after the deployment: see `match_aws`.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest

from selfright.local.place import ACCOUNT
from selfright.local.supervisor import ENFORCE_IAM
from selfright.local_state import REGION
from tests.e2e.lab import Lab

TLS = "aws:SecureTransport"
FOR_PEOPLE = "SelfrightReleaser", "SelfrightLogs-smartpack-prod"
DEPLOY_ROLES = "selfright-deploy-"
OF_SMARTPACK = f"{DEPLOY_ROLES}smartpack.prod-{REGION}"
PERSON = "releaser"
EVALUATION, LIST = "lambda:GetAlias", "lambda:ListAliases"
"""For reading or moving an alias, the emulator requires the permission for the latter."""
WARM, FUNCTION = "lambda:GetProvisionedConcurrencyConfig", "lambda:GetFunction"
"""The same for reading provisioned concurrency."""
OF_EVERYTHING = {
    *("cloudfront:GetFunction", "cloudfront:UpdateFunction", "cloudfront:PublishFunction"),
    *("ssm:GetParameters", "ssm:GetParametersByPath"),
}
"""The emulator requires these for all resources, AWS for the one that they concern."""
DENIALS = ("AccessDenied", "AuthorizationError", "not authorized to perform", "403. Forbidden")
"""Messages in a function's log about a call that its role does not allow."""


@contextmanager
def enforcing() -> Iterator[None]:
    """The local AWS that is started within the block enforces IAM."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(ENFORCE_IAM, "1")
        yield


def match_aws(lab: Lab) -> None:
    """Allow requests without TLS, because loopback has none, and give policies the same meaning as on AWS."""
    _allow_http(lab)
    iam, secrets = lab.client("iam"), _secrets(lab)
    for role in _roles(lab):
        for name in iam.list_role_policies(RoleName=role)["PolicyNames"]:
            found = iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
            document = json.dumps(_translated(found, secrets))
            iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=document)
        if role.startswith(DEPLOY_ROLES):
            for number, found in enumerate(rights(lab, role)):
                document = json.dumps(_translated(found, secrets))
                iam.put_role_policy(RoleName=role, PolicyName=f"as-on-aws-{number}", PolicyDocument=document)
            trust(lab, role)


def rights(lab: Lab, role: str) -> list[dict[str, Any]]:
    """The documents of a role's managed policies."""
    iam = lab.client("iam")
    documents = []
    for policy in iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]:
        version = iam.get_policy(PolicyArn=policy["PolicyArn"])["Policy"]["DefaultVersionId"]
        found = iam.get_policy_version(PolicyArn=policy["PolicyArn"], VersionId=version)["PolicyVersion"]
        documents.append(dict(found["Document"]))
    return documents


def trust(lab: Lab, role: str) -> None:
    """Let the same roles assume this one as on AWS, where `aws:PrincipalArn` is the role of a session.

    To the emulator it is the session. The external id is still required.
    """
    iam = lab.client("iam")
    document = iam.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]
    (statement,) = document["Statement"]
    roles = statement["Condition"].pop("ArnEquals")["aws:PrincipalArn"]
    sessions = [f"arn:aws:sts::{ACCOUNT}:assumed-role/{arn.partition(':role/')[2]}/*" for arn in roles]
    statement["Condition"]["ArnLike"] = {"aws:PrincipalArn": sessions}
    iam.update_assume_role_policy(RoleName=role, PolicyDocument=json.dumps(document))


def permit(lab: Lab, application: str, names: dict[str, str], *more: dict[str, Any]) -> None:
    """Make the deploy role of another application, with the permissions of SmartPack's for its own resources.

    `names` maps the names of SmartPack's resources to those of the other application; `more` are further statements.
    """
    iam = lab.client("iam")
    theirs = OF_SMARTPACK.replace("smartpack", application)
    trusted = iam.get_role(RoleName=OF_SMARTPACK)["Role"]["AssumeRolePolicyDocument"]
    document = json.dumps(trusted).replace("smartpack/prod", f"{application}/prod")
    with suppress(iam.exceptions.EntityAlreadyExistsException):
        iam.create_role(RoleName=theirs, AssumeRolePolicyDocument=document)
    for name in iam.list_role_policies(RoleName=OF_SMARTPACK)["PolicyNames"]:
        text = json.dumps(iam.get_role_policy(RoleName=OF_SMARTPACK, PolicyName=name)["PolicyDocument"])
        for ours, other in names.items():
            text = text.replace(ours, other)
        iam.put_role_policy(RoleName=theirs, PolicyName=name, PolicyDocument=text)
    if more:
        own = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **one} for one in more]}
        iam.put_role_policy(RoleName=theirs, PolicyName="more", PolicyDocument=json.dumps(own))


def a_releaser(lab: Lab) -> dict[str, str]:
    """The environment variables of a person with exactly the policies for people."""
    iam = lab.client("iam")
    iam.create_user(UserName=PERSON)
    for policy in FOR_PEOPLE:
        arn = f"arn:aws:iam::{ACCOUNT}:policy/{policy}-{REGION}"
        version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
        found = iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]
        document = json.dumps(_translated(found, _secrets(lab)))
        iam.put_user_policy(UserName=PERSON, PolicyName=policy, PolicyDocument=document)
    key = iam.create_access_key(UserName=PERSON)["AccessKey"]
    return {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}


def denials(lab: Lab) -> list[str]:
    """The calls that were denied to the controller's functions, from their logs."""
    logs = lab.client("logs")
    groups = logs.describe_log_groups(logGroupNamePrefix="/aws/lambda/selfright-")["logGroups"]
    pages = logs.get_paginator("filter_log_events")
    return [
        event["message"]
        for group in groups
        for page in pages.paginate(logGroupName=group["logGroupName"])
        for event in page["events"]
        if any(words in event["message"] for words in DENIALS)
    ]


def _allow_http(lab: Lab) -> None:
    for bucket in lab.s3.list_buckets()["Buckets"]:
        try:
            found = lab.s3.get_bucket_policy(Bucket=bucket["Name"])["Policy"]
        except lab.s3.exceptions.ClientError:
            continue
        policy = _without_tls(found)
        if policy["Statement"]:
            lab.s3.put_bucket_policy(Bucket=bucket["Name"], Policy=json.dumps(policy))
        else:
            lab.s3.delete_bucket_policy(Bucket=bucket["Name"])
    sns = lab.client("sns")
    for topic in sns.list_topics()["Topics"]:
        arn = topic["TopicArn"]
        policy = _without_tls(sns.get_topic_attributes(TopicArn=arn)["Attributes"]["Policy"])
        sns.set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=json.dumps(policy))


def _without_tls(policy: str) -> dict[str, Any]:
    document = json.loads(policy)
    statements = [one for one in document["Statement"] if TLS not in json.dumps(one.get("Condition", {}))]
    return {**document, "Statement": statements}


def _roles(lab: Lab) -> list[str]:
    return [
        one["RoleName"] for page in lab.client("iam").get_paginator("list_roles").paginate() for one in page["Roles"]
    ]


def _secrets(lab: Lab) -> dict[str, str]:
    return {one["Name"]: one["ARN"] for one in lab.client("secretsmanager").list_secrets()["SecretList"]}


def _translated(document: dict[str, Any], secrets: dict[str, str]) -> dict[str, Any]:
    """The document's statements in the form that the emulator understands like AWS."""
    return {**document, "Statement": [new for one in document["Statement"] for new in _statements(one, secrets)]}


def _statements(one: dict[str, Any], secrets: dict[str, str]) -> Iterator[dict[str, Any]]:
    actions, resources = _as_list(one["Action"]), _as_list(one["Resource"])
    groups = [arn.removesuffix(":*") for arn in resources if ":log-group:" in arn]  # AWS requires the `:*`.
    yield {**one, "Resource": [*(secrets.get(arn, arn) for arn in resources), *groups]}
    if EVALUATION in actions:
        yield {**one, "Action": LIST}
    if WARM in actions:
        yield {**one, "Action": FUNCTION}
    if of_everything := [action for action in actions if action in OF_EVERYTHING]:
        yield {**one, "Action": of_everything, "Resource": "*"}


def _as_list(value: str | list[str]) -> list[str]:
    return value if isinstance(value, list) else [value]
