"""Turns errors of AWS's services into ours, which name the operation, the resource and the next step."""

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError, IncompleteReadError
from botocore.exceptions import ConnectionError as NoConnectionError

from controller.errors import AwsError, ConflictError, NotFoundError, SelfrightError, TransientError

MESSAGE_LENGTH = 300
THROTTLED = frozenset(
    {
        "BandwidthLimitExceeded",
        "EC2ThrottledException",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "Throttled",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "TooManyUpdates",
    }
)
"""The codes of requests that were refused because there were too many. What was refused was not done."""
STILL_RUNNING = "ReadTimeoutError"
"""The code of the error when a function was called and has not returned in time."""
TRANSIENT = THROTTLED | {
    "InternalError",
    "InternalFailure",
    "InternalServerError",
    "RequestTimeout",
    "RequestTimeoutException",
    "ServiceException",
    "ServiceUnavailable",
    "ServiceUnavailableException",
    "TransactionConflictException",
    "TransactionInProgressException",
}
CONFLICTS = frozenset(
    {
        "ConditionalCheckFailedException",
        "ConditionalRequestConflict",
        "ConflictException",
        "InvalidChangeSetStatus",
        "InvalidIfMatchVersion",
        "ParameterAlreadyExists",
        "PreconditionFailed",
        "PreconditionFailedException",
        "ResourceConflictException",
        "TokenAlreadyExistsException",
    }
)
MISSING = frozenset(
    {
        "ChangeSetNotFound",
        "ExecutionDoesNotExist",
        "NoSuchBucket",
        "NoSuchFunctionExists",
        "NoSuchKey",
        "NoSuchVersion",
        "NotFound",
        "NotFoundException",
        "ParameterNotFound",
        "ProvisionedConcurrencyConfigNotFoundException",
        "RepositoryNotFoundException",
        "ResourceNotFound",
        "ResourceNotFoundException",
        "StateMachineDoesNotExist",
    }
)
QUOTAS = frozenset(
    {
        "CodeStorageExceededException",
        "FunctionSizeLimitExceeded",
        "LimitExceededException",
        "ParameterLimitExceeded",
        "ParameterMaxVersionLimitExceeded",
        "ServiceQuotaExceededException",
        "TooManyFunctions",
    }
)
QUOTA_ADVICE = "A quota is used up: delete what you do not need any more, or have the quota raised in Service Quotas."
DENIED = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "ExpiredToken",
        "ExpiredTokenException",
        "UnauthorizedOperation",
        "UnrecognizedClientException",
    }
)


@contextmanager
def calling(operation: str, resource: str) -> Iterator[None]:
    """Turn what botocore raises inside the block into our errors.

    `operation` has IAM's name ("lambda:UpdateAlias"), `resource` the name by which a person finds it ("api:live").
    Raises `TransientError` (throttling, timeouts, 5xx), `ConflictError` (a condition did not hold), `NotFoundError`, or
    `AwsError`; the message names the operation, the resource, AWS's answer and the next step.
    """
    try:
        yield
    except ClientError as error:
        raise _translate(error, operation, resource) from error
    except (HTTPClientError, IncompleteReadError, NoConnectionError) as error:
        reason = f"{operation} on {resource} got no answer ({type(error).__name__}). It can be tried again."
        raise TransientError(reason, code=type(error).__name__) from error
    except BotoCoreError as error:
        # The error's text may quote the arguments, and these may hold secrets: so the message has only its name.
        reason = f"{operation} on {resource} could not be sent: {type(error).__name__}. Check region and credentials."
        raise AwsError(reason, code=type(error).__name__) from error


def error_code(error: ClientError) -> str:
    """The error's code from the service, or the HTTP status when there is no code (HEAD requests)."""
    return str(error.response.get("Error", {}).get("Code") or _status(error))


def _translate(error: ClientError, operation: str, resource: str) -> SelfrightError:
    code, status = _cause(error), _status(error)
    message = str(error.response.get("Error", {}).get("Message", ""))[:MESSAGE_LENGTH]
    what = f"{operation} on {resource}: {code}. {message}".strip()
    if code in TRANSIENT or status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.TOO_MANY_REQUESTS:
        return TransientError(f"{what} It can be tried again.", code=code)
    if code in CONFLICTS or status in {HTTPStatus.CONFLICT, HTTPStatus.PRECONDITION_FAILED}:
        return ConflictError(f"{what} Somebody else changed it at the same time, so it was left as it is.")
    if code in MISSING or status == HTTPStatus.NOT_FOUND:
        return NotFoundError(f"{what} Check that it exists and that the environment names it correctly.")
    if code in QUOTAS:
        return AwsError(f"{what} {QUOTA_ADVICE}", code=code)
    if code in DENIED or status == HTTPStatus.FORBIDDEN:
        return AwsError(f"{what} Allow {operation} on it for this role.", code=code)
    return AwsError(what, code=code)


def _cause(error: ClientError) -> str:
    """The error's code; for a cancelled DynamoDB transaction, the reason of the cancellation."""
    reasons = {str(reason.get("Code")) for reason in error.response.get("CancellationReasons", [])}
    if "ConditionalCheckFailed" in reasons:
        return "ConditionalCheckFailedException"
    return "TransactionConflictException" if "TransactionConflict" in reasons else error_code(error)


def _status(error: ClientError) -> int:
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", HTTPStatus.BAD_REQUEST))
