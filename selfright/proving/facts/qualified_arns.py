"""Whether policies must name a function, its versions and aliases, or both, for calls about one version or alias."""

from collections.abc import Callable, Iterator
from typing import Any

from botocore.exceptions import ClientError

from controller.aws.client.calls import DENIED, error_code
from selfright.proving.fact import Fact
from selfright.proving.results import Finding, Measured, NotMeasured
from selfright.proving.scene import Scene
from selfright.proving.subject import ALIAS, SubjectFunction

Caller = Callable[[Any], object]
"""Makes the call with a client of Lambda."""


def measure(scene: Scene) -> Iterator[Finding]:
    """Try each call under a session that allows it on the qualified ARN alone, and on the unqualified one alone."""
    subject = SubjectFunction(scene)
    if _is_allowed(scene, _reading(subject), "lambda:GetAlias", f"{subject.arn}-another"):
        yield NotMeasured("all of it", "IAM is not enforced here: a session without the right was allowed to read")
        return
    yield _tried(scene, subject, "lambda:GetAlias", ALIAS, _reading(subject))
    yield _tried(scene, subject, "lambda:GetFunctionConfiguration", ALIAS, _configuration(subject))
    results = {}
    for form in ("qualified", "unqualified"):
        version = subject.publish()
        arn = f"{subject.arn}:{version}" if form == "qualified" else subject.arn
        results[form] = _is_allowed(scene, _deleting(subject, version), "lambda:DeleteFunction", arn)
    yield _said("lambda:DeleteFunction", results)


def _reading(subject: SubjectFunction) -> Caller:
    return lambda calls: calls.get_alias(FunctionName=subject.name, Name=ALIAS)


def _configuration(subject: SubjectFunction) -> Caller:
    return lambda calls: calls.get_function_configuration(FunctionName=subject.name, Qualifier=ALIAS)


def _deleting(subject: SubjectFunction, version: str) -> Caller:
    return lambda calls: calls.delete_function(FunctionName=subject.name, Qualifier=version)


def _tried(scene: Scene, subject: SubjectFunction, action: str, qualifier: str, call: Caller) -> Finding:
    arns = {"qualified": f"{subject.arn}:{qualifier}", "unqualified": subject.arn}
    return _said(action, {form: _is_allowed(scene, call, action, arn) for form, arn in arns.items()})


def _said(action: str, allowed: dict[str, bool]) -> Finding:
    words = {form: "allowed" if is_allowed else "denied" for form, is_allowed in allowed.items()}
    return Measured(
        f"{action} with a qualifier",
        f"policy on the qualified ARN: {words['qualified']}; on the function's own: {words['unqualified']}",
    )


def _is_allowed(scene: Scene, call: Caller, action: str, arn: str) -> bool:
    """Whether the call is allowed in a session whose only right is this action on this ARN."""
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": arn}]}
    try:
        call(scene.as_caller(policy))
    except ClientError as error:
        if error_code(error) in DENIED:
            return False
        raise
    return True


FACT = Fact(
    "qualified_arns",
    "function",
    "Do policies for one version or alias need the qualified ARN, or the function's own?",
    "A role of the sandbox is assumed with a session policy that allows one action on one of the two ARNs.",
    measure,
)
