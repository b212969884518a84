"""How late a change of IAM is in effect."""

import json
from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from controller.aws.client.calls import DENIED, error_code
from selfright.proving.fact import Fact
from selfright.proving.lateness import settle
from selfright.proving.results import Finding, Measured, NotMeasured
from selfright.proving.scene import Scene
from selfright.proving.subject import ALIAS, SubjectFunction

PATIENCE = 180.0
POLICY = "selfright-prove-denied"
"""The sandbox's cleaning deletes it, too, if a run is killed between the two writes."""
DENY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Deny", "Action": "lambda:GetAlias", "Resource": "*"}],
}


def measure(scene: Scene) -> Iterator[Finding]:
    """Forbid the sandbox's role a call, and allow it again; ask each time until the answer is the new one."""
    subject, iam = SubjectFunction(scene), scene.client("iam")
    calls, role = scene.as_caller(None), scene.outputs["Caller"].rsplit("/", 1)[1]
    iam.put_role_policy(RoleName=role, PolicyName=POLICY, PolicyDocument=json.dumps(DENY))
    try:
        denied = settle(scene, lambda: not _may_read(calls, subject), PATIENCE)
    finally:
        iam.delete_role_policy(RoleName=role, PolicyName=POLICY)
    if denied.settled_at is None:
        yield NotMeasured("a right that is taken away", "IAM is not enforced here, or later than the patience")
        return
    yield Measured("a right that is taken away", "", (denied.seconds,), figures=("permission_effective",))
    given = settle(scene, lambda: _may_read(calls, subject), PATIENCE)
    yield Measured("a right that is given", "", (given.seconds,), figures=("permission_effective",))


def _may_read(calls: Any, subject: SubjectFunction) -> bool:  # noqa: ANN401 - boto3's client
    try:
        calls.get_alias(FunctionName=subject.name, Name=ALIAS)
    except ClientError as error:
        if error_code(error) in DENIED:
            return False
        raise
    return True


FACT = Fact(
    "permission_effective",
    "role",
    "How late is a change of IAM in effect?",
    "A role of the sandbox is forbidden a call, then allowed it again; a session of the role asks all the time.",
    measure,
    2,
)
