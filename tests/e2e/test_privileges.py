"""Permissions of people and of deploy roles, as IAM enforces them; the whole run shows that functions have theirs."""

import json

import boto3
import pytest
from botocore.exceptions import ClientError

from controller.domain.phases import Phase
from selfright.local.place import ACCOUNT
from selfright.local_state import REGION
from tests.e2e.enforcing import OF_SMARTPACK
from tests.e2e.lab import Lab
from tests.e2e.seen import KEY


def test_releasers_can_change_no_application_by_hand(lab: Lab) -> None:
    """`SelfrightReleaser` reads what `selfright plan` needs, and changes things only through the controller."""
    keys = {name.lower(): value for name, value in lab.person.items()}
    functions = boto3.client("lambda", endpoint_url=lab.running.endpoint, region_name=REGION, **keys)
    name = lab.targets["function_name"]
    assert functions.get_function_configuration(FunctionName=name)["FunctionName"] == name
    with pytest.raises(ClientError, match="not authorized to perform: lambda:UpdateFunctionConfiguration"):
        functions.update_function_configuration(FunctionName=name, MemorySize=512)


@pytest.mark.parametrize(
    "words",
    [
        ("status", KEY),
        ("history", KEY),
        ("show", "DEPLOYMENT"),
        ("explain", "DEPLOYMENT"),
        ("plan", "FOLDER", "--environment", KEY, "--no-build"),
        ("backtest", "--environment", KEY, "--days", "1"),
    ],
    ids=lambda words: words[0],
)
def test_releasers_may_read_everything(lab: Lab, words: tuple[str, ...]) -> None:
    """Every command that only reads needs only `SelfrightReleaser`."""
    known = {"DEPLOYMENT": lab.lock().live}
    if "FOLDER" in words:
        known["FOLDER"] = str(lab.source(lab.new_version()))
    code, document, said = lab.command(*(known.get(word, word) for word in words))
    assert (code, "error" in document) == (0, False), (document, said)


OTHER = {"RoleSessionName": "test", "ExternalId": "smartpack/prod"}


def as_role(lab: Lab, role: str) -> dict[str, str]:
    """Keys with the rights of one of the controller's own roles, which a function of it has."""
    iam = lab.client("iam")
    trusted = iam.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]
    anyone = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "sts:AssumeRole"}
    iam.update_assume_role_policy(
        RoleName=role, PolicyDocument=json.dumps({**trusted, "Statement": [*trusted["Statement"], anyone]})
    )
    arn = f"arn:aws:iam::{ACCOUNT}:role/{role}"
    given = lab.client("sts").assume_role(RoleArn=arn, RoleSessionName="test")["Credentials"]
    iam.update_assume_role_policy(RoleName=role, PolicyDocument=json.dumps(trusted))
    return keys(given)


def keys(given: dict[str, str]) -> dict[str, str]:
    """The credentials of an answer of STS, as a client takes them."""
    names = {"AccessKeyId": "access_key_id", "SecretAccessKey": "secret_access_key", "SessionToken": "session_token"}
    return {f"aws_{name}": given[key] for key, name in names.items()}


def test_the_controllers_own_roles_cannot_touch_an_application(lab: Lab) -> None:
    """Only with the deploy role of its environment, and only if they say for which one they come."""
    own = as_role(lab, f"selfright-traffic-{REGION}")
    where = {"endpoint_url": lab.running.endpoint, "region_name": REGION}
    name, arn = lab.targets["function_name"], f"arn:aws:iam::{ACCOUNT}:role/{OF_SMARTPACK}"
    alone = boto3.client("lambda", **where, **own)
    with pytest.raises(ClientError, match="not authorized"):
        alone.update_alias(FunctionName=name, Name="live", Description="by hand")
    sts = boto3.client("sts", **where, **own)
    for wrong in ({}, {"ExternalId": "smartpack/staging"}):
        with pytest.raises(ClientError, match="not authorized to perform: sts:AssumeRole"):
            sts.assume_role(RoleArn=arn, RoleSessionName="test", **wrong)
    given = sts.assume_role(RoleArn=arn, **OTHER)["Credentials"]
    functions = boto3.client("lambda", **where, **keys(given))
    assert functions.get_alias(FunctionName=f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}", Name="live")
    with pytest.raises(ClientError, match="not authorized"):
        functions.get_function_configuration(FunctionName="selfright-traffic")


def test_nobody_else_assumes_a_deploy_role(lab: Lab) -> None:
    """Neither a person who releases, nor a function of the controller that does nothing in environments."""
    arn = f"arn:aws:iam::{ACCOUNT}:role/{OF_SMARTPACK}"
    person = {name.lower(): value for name, value in lab.person.items()}
    for credentials in (person, as_role(lab, f"selfright-watch-{REGION}")):
        sts = boto3.client("sts", endpoint_url=lab.running.endpoint, region_name=REGION, **credentials)
        with pytest.raises(ClientError, match="not authorized to perform: sts:AssumeRole"):
            sts.assume_role(RoleArn=arn, **OTHER)


def test_roles_of_the_controller_that_were_made_anew_release_as_before(lab: Lab) -> None:
    """They have the same names and other ids; nothing of the application's stack is changed."""
    iam, functions = lab.client("iam"), lab.client("lambda")
    for function in ("stage", "check", "traffic", "close", "on-alarm"):
        name = f"selfright-{function}-{REGION}"
        role = iam.get_role(RoleName=name)["Role"]
        policies = {
            one: iam.get_role_policy(RoleName=name, PolicyName=one)["PolicyDocument"]
            for one in iam.list_role_policies(RoleName=name)["PolicyNames"]
        }
        for one in policies:
            iam.delete_role_policy(RoleName=name, PolicyName=one)
        iam.delete_role(RoleName=name)
        made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(role["AssumeRolePolicyDocument"]))
        assert made["Role"]["RoleId"] != role["RoleId"]
        for one, document in policies.items():
            iam.put_role_policy(RoleName=name, PolicyName=one, PolicyDocument=json.dumps(document))
        functions.update_function_configuration(  # a new process, without credentials
            FunctionName=f"selfright-{function}", Description="made anew"
        )
    ended = lab.ended(lab.release())
    assert ended.phase is Phase.SUCCEEDED, ended.reason
