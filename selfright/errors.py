"""Errors with advice, and the meaning of failed calls to AWS for users of the command line."""

import os
from collections.abc import Callable

from botocore.exceptions import BotoCoreError

from controller.errors import AwsError, SelfrightError

LOG_IN = "Log in (`aws sso login`) or set AWS_PROFILE; for the local AWS, add --local."
CHECK = "Check AWS_PROFILE, AWS_REGION and AWS_ENDPOINT_URL."


class AdviceError(SelfrightError):
    """A problem for a person, with the next step (`next_step`, may be empty)."""

    def __init__(self, message: str, next_step: str = "") -> None:
        super().__init__(message)
        self.next_step = next_step


def advise(error: Exception) -> AdviceError:
    """Convert a failure into one with words that help the user of the command line."""
    if isinstance(error, AdviceError):
        return error
    code = error.code if isinstance(error, AwsError) else type(error).__name__
    if known := KNOWN.get(code):
        return known()
    if isinstance(error, BotoCoreError):
        return AdviceError(f"AWS cannot be called: {code}.", CHECK)
    return AdviceError(str(error), str(getattr(error, "next_step", "")))


def _no_credentials() -> AdviceError:
    return AdviceError("No AWS credentials were found.", LOG_IN)


def _expired() -> AdviceError:
    return AdviceError("AWS does not accept these credentials: they have expired or are wrong.", LOG_IN)


def _no_region() -> AdviceError:
    step = "Set AWS_REGION, for example: export AWS_REGION=eu-central-1; for the local AWS, add --local."
    return AdviceError("No AWS region is set.", step)


def _no_profile() -> AdviceError:
    message = f"There is no AWS profile '{os.environ.get('AWS_PROFILE', '')}'."
    return AdviceError(message, "`aws configure list-profiles` lists them; set AWS_PROFILE to one of those.")


def _unreachable() -> AdviceError:
    endpoint = os.environ.get("AWS_ENDPOINT_URL")
    if endpoint:
        step = "Start it (`./dev up` for the local AWS), or unset AWS_ENDPOINT_URL to reach AWS itself."
        return AdviceError(f"Nothing answers at {endpoint} (AWS_ENDPOINT_URL).", step)
    return AdviceError("AWS cannot be reached.", "Check the network, the proxy and AWS_REGION, then try again.")


def _no_endpoint() -> AdviceError:
    endpoint = os.environ.get("AWS_ENDPOINT_URL", "")
    return AdviceError(
        f"AWS_ENDPOINT_URL is not a valid address: '{endpoint}'.", "Unset it, or use one like http://127.0.0.1:4566."
    )


KNOWN: dict[str, Callable[[], AdviceError]] = {
    "NoCredentialsError": _no_credentials,
    "PartialCredentialsError": _no_credentials,
    "CredentialRetrievalError": _no_credentials,
    "ExpiredToken": _expired,
    "ExpiredTokenException": _expired,
    "InvalidClientTokenId": _expired,
    "InvalidSignatureException": _expired,
    "SSOTokenLoadError": _expired,
    "TokenRetrievalError": _expired,
    "UnauthorizedSSOTokenError": _expired,
    "UnrecognizedClientException": _expired,
    "NoRegionError": _no_region,
    "InvalidEndpoint": _no_endpoint,
    "ProfileNotFound": _no_profile,
    "EndpointConnectionError": _unreachable,
    "ConnectTimeoutError": _unreachable,
    "ConnectionClosedError": _unreachable,
    "ProxyConnectionError": _unreachable,
}
"""The error's name in AWS or botocore → its advice."""
