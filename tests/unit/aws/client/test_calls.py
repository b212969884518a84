"""The errors of AWS become ours: they say what the flow may do next, and what a person must do."""

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, NoCredentialsError, ParamValidationError

from controller.aws.client.calls import calling
from controller.errors import AwsError, ConflictError, NotFoundError, TransientError


def refused(code: str, status: int = 400, message: str = "No.", **more: object) -> ClientError:
    """What botocore raises when a service refuses."""
    answer = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}, **more}
    return ClientError(answer, "UpdateAlias")  # type: ignore[arg-type]


def raised(error: Exception) -> Exception:
    """The error that leaves the block when this one is raised inside."""
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
    """A code or an HTTP status decides what the flow may do next: try again, read again, or stop."""
    assert type(raised(refused(code, status))) is kind


def test_a_message_names_the_operation_the_resource_and_the_answer_of_aws() -> None:
    """The reader of the error sees which call on which resource was refused, and why."""
    message = str(raised(refused("InvalidParameterValueException", message="Bad handler.")))
    assert message == "lambda:UpdateAlias on api:live: InvalidParameterValueException. Bad handler."


def test_a_denied_call_says_which_permission_is_missing() -> None:
    """The next step after a denial is a grant, and the message names it."""
    assert "Allow lambda:UpdateAlias on it" in str(raised(refused("AccessDenied", 403)))


@pytest.mark.parametrize("reason", ["ConditionalCheckFailed", "TransactionConflict"])
def test_a_cancelled_transaction_has_the_reason_of_its_cancellation(reason: str) -> None:
    """A failed condition means that somebody else was first; after a collision it can be tried again."""
    error = refused("TransactionCanceledException", CancellationReasons=[{"Code": "None"}, {"Code": reason}])
    expected = ConflictError if reason == "ConditionalCheckFailed" else TransientError
    assert type(raised(error)) is expected


def test_no_answer_is_transient() -> None:
    """A connection that fails says nothing about the request: it can be tried again."""
    assert isinstance(raised(EndpointConnectionError(endpoint_url="http://127.0.0.1:1")), TransientError)


@pytest.mark.parametrize("error", [NoCredentialsError(), ParamValidationError(report="hunter2")])
def test_the_error_of_a_call_that_was_not_sent_does_not_show_arguments(error: Exception) -> None:
    """Arguments may hold secrets, so the message has only the name of the error."""
    translated = raised(error)
    assert isinstance(translated, AwsError)
    assert not translated.transient
    assert "hunter2" not in str(translated)


def test_other_errors_pass_unchanged() -> None:
    """Only AWS's errors are translated: the error of a permit that refuses passes unchanged."""
    assert isinstance(raised(KeyError("x")), KeyError)
