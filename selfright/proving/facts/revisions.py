"""What changes the revision id of an alias, and the ETag of a CloudFront function."""

from collections.abc import Callable, Iterator

from botocore.exceptions import ClientError

from controller.aws.client.calls import error_code
from selfright.proving.fact import Fact
from selfright.proving.facts.publication import Answering
from selfright.proving.results import Finding, Measured, NotMeasured
from selfright.proving.scene import Scene
from selfright.proving.subject import ALIAS, SubjectFunction

STATEMENT = "selfright-prove"
PATIENCE = 300.0


def of_alias(scene: Scene) -> Iterator[Finding]:
    """An identical write, a policy, provisioned concurrency."""
    subject = SubjectFunction(scene)
    calls, on_alias = subject.calls, {"FunctionName": subject.name, "Qualifier": ALIAS}
    version = subject.publish()
    subject.move(version)
    yield _compared("an identical UpdateAlias", subject, lambda: subject.move(version))
    granted = {"StatementId": STATEMENT, "Action": "lambda:InvokeFunction", "Principal": "apigateway.amazonaws.com"}
    yield _compared("a policy on the alias", subject, lambda: calls.add_permission(**on_alias, **granted))
    calls.remove_permission(**on_alias, StatementId=STATEMENT)
    yield _compared(
        "provisioned concurrency on the alias",
        subject,
        lambda: calls.put_provisioned_concurrency_config(**on_alias, ProvisionedConcurrentExecutions=1),
    )
    _take_instances(scene, subject)


def _take_instances(scene: Scene, subject: SubjectFunction) -> None:
    """They cost money as long as they are there, so their end is waited for."""
    on_alias = {"FunctionName": subject.name, "Qualifier": ALIAS}

    def gone() -> bool:
        try:
            subject.calls.delete_provisioned_concurrency_config(**on_alias)
            subject.calls.get_provisioned_concurrency_config(**on_alias)
        except ClientError as error:
            if error_code(error) in {"ProvisionedConcurrencyConfigNotFoundException", "ResourceNotFoundException"}:
                return True
            if error_code(error) != "ResourceConflictException":
                raise
        return False

    scene.until("the alias has no provisioned concurrency", gone, PATIENCE)


def _compared(what: str, subject: SubjectFunction, write: Callable[[], object]) -> Finding:
    before = subject.alias()["RevisionId"]
    try:
        write()
    except ClientError as error:
        return NotMeasured(f"after {what}", f"it was refused: {error_code(error)}")
    after = subject.alias()["RevisionId"]
    return Measured(f"after {what}", "the revision id is the same" if before == after else "the revision id is new")


def of_routing(scene: Scene) -> Iterator[Finding]:
    """An identical update, and publishing what is published."""
    answering = Answering(scene)
    first = answering.write("the same")
    second = answering.write("the same")
    yield Measured("after an identical UpdateFunction", _same(first, second))
    cloudfront = scene.client("cloudfront")
    answering.publish(second)
    before = cloudfront.get_function(Name=answering.name, Stage="LIVE")["ETag"]
    answering.publish(second)
    after = cloudfront.get_function(Name=answering.name, Stage="LIVE")["ETag"]
    yield Measured("the live stage's ETag after publishing the same again", _same(before, after))
    ends = cloudfront.get_function(Name=answering.name, Stage="DEVELOPMENT")["ETag"]
    yield Measured("the development stage's ETag after a publication", _same(second, ends))


def _same(one: str, other: str) -> str:
    return "the same" if one == other else "a new one"


FACTS = (
    Fact(
        "alias_revision",
        "function",
        "What changes an alias's revision id?",
        "The alias is read before and after an identical write, a policy, and provisioned concurrency.",
        of_alias,
    ),
    Fact(
        "routing_etag",
        "distribution",
        "What changes a CloudFront function's ETag?",
        "The same code is written and published twice.",
        of_routing,
    ),
)
