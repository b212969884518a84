"""The errors of AWS become ours: what the flow may do next, and what a person has to."""

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, NoCredentialsError, ParamValidationError

from controller.aws.client.calls import calling
from controller.errors import AwsError, ConflictError, NotFoundError, TransientError


def refused(code: str, status: int = 400, message: str = "No.", **more: object) -> ClientError:
    """What botocore raises when a service refuses."""
    answer = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}, **more}
    return ClientError(answer, "UpdateAlias")  # type: ignore[arg-type]


def raised(error: Exception) -> Exception:
    """What comes out of the block when this happens inside."""
    with pytest.raises(Exception) as caught, calling("lambda:UpdateAlias", "api:live"):  # noqa: PT011
        raise error
    return caught.value


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        ("TooManyRequestsException", 429, TransientError),
        ("ThrottlingException", 400, TransientError),
        ("ServiceException", 500, TransientError),
        ("Whatever", 503, TransientError),
        ("PreconditionFailedException", 412, ConflictError),
        ("PreconditionFailed", 412, ConflictError),
        ("InvalidIfMatchVersion", 400, ConflictError),
        ("ResourceConflictException", 409, ConflictError),
        ("ConditionalCheckFailedException", 400, ConflictError),
        ("ResourceNotFoundException", 404, NotFoundError),
        ("NoSuchFunctionExists", 404, NotFoundError),
        ("404", 404, NotFoundError),
        ("AccessDeniedException", 403, AwsError),
        ("InvalidParameterValueException", 400, AwsError),
    ],
)
def test_each_answer_of_aws_becomes_one_kind_of_error(code: str, status: int, kind: type[Exception]) -> None:
    """A code or an HTTP status decides what the flow may do next: try again, give way, or stop."""
    assert type(raised(refused(code, status))) is kind


def test_a_message_names_the_operation_the_resource_and_what_aws_said() -> None:
    """Whoever reads the error sees what was called on what and why it was refused."""
    message = str(raised(refused("InvalidParameterValueException", message="Bad handler.")))
    assert message == "lambda:UpdateAlias on api:live: InvalidParameterValueException. Bad handler."


def test_a_denied_call_says_which_permission_is_missing() -> None:
    """The next step after a denial is a grant, and the message names it."""
    assert "Allow lambda:UpdateAlias on it" in str(raised(refused("AccessDenied", 403)))


@pytest.mark.parametrize("reason", ["ConditionalCheckFailed", "TransactionConflict"])
def test_a_cancelled_transaction_is_what_cancelled_it(reason: str) -> None:
    """A failed condition means somebody else was first; a collision only means to try again."""
    error = refused("TransactionCanceledException", CancellationReasons=[{"Code": "None"}, {"Code": reason}])
    expected = ConflictError if reason == "ConditionalCheckFailed" else TransientError
    assert type(raised(error)) is expected


def test_no_answer_is_transient() -> None:
    """A connection that fails says nothing about the request: it can be tried again."""
    assert isinstance(raised(EndpointConnectionError(endpoint_url="http://127.0.0.1:1")), TransientError)


@pytest.mark.parametrize("error", [NoCredentialsError(), ParamValidationError(report="hunter2")])
def test_a_call_that_could_not_be_sent_keeps_its_arguments_to_itself(error: Exception) -> None:
    """Arguments may hold secrets, so only the name of the error is told."""
    told = raised(error)
    assert isinstance(told, AwsError)
    assert not told.transient
    assert "hunter2" not in str(told)


def test_other_errors_pass_unchanged() -> None:
    """Only AWS's errors are translated: a permit that says no goes through as it is."""
    assert isinstance(raised(KeyError("x")), KeyError)
