"""The clients for the work of one environment: with the credentials of its deploy role, and with no other rights.

The controller's own roles may touch no application. For what belongs to an application, its function assumes the deploy
role of exactly that environment, narrowed to what its tasks do, and keeps the credentials while it is warm.

The application's stack makes the role; its name follows from the names of application and environment. So no document
of an environment can lead to another's role, and the controller needs none to know it.
"""

import hashlib
from functools import lru_cache, partial
from typing import Protocol

from botocore.credentials import ReadOnlyCredentials

from controller.aws.client.calls import calling
from controller.aws.client.clients import Clients
from controller.aws.client.credentials import Assumed, RoleCredentials
from controller.aws.client.sessions import session_policy
from controller.domain.environment import Environment
from controller.errors import SelfrightError, TransientError

HOUR = 3600
"""The length of a session: the longest for a role that assumes another one, and the least that a role can allow."""
KEPT = 16
"""Environments whose clients are kept; more at once in one process are rare, and only cost time."""


LONGEST_KEY = 32
"""IAM allows a role's name 64 characters; 18 of them are ours, and the longest name of a region has 14."""
SHOWN = 11
PLACEHOLDER = "*"
"""What stands for an environment's key in the ARN of all deploy roles, as IAM writes it in a policy."""


def role_key(application: str, environment: str) -> str:
    """The part of the role's name that tells environments apart; a digest makes long names short.

    Names of applications and environments have no `.`, so two environments never share a key.
    """
    key = f"{application}.{environment}"
    if len(key) <= LONGEST_KEY:
        return key
    digest = hashlib.sha256(key.encode()).hexdigest()[:8]
    return f"{application[:SHOWN]}.{environment[:SHOWN]}.{digest}"


class ClientsOf(Protocol):
    """Gives the clients for an environment: `DeployRoles`, or `Clients`, which are the same for all."""

    def of(self, environment: Environment) -> Clients:
        """The clients with which to work for this environment."""


class DeployRoles:
    """The clients for each environment, kept while the process lives."""

    def __init__(self, pattern: str, function: str, own: Clients | None = None) -> None:
        """`pattern` is the ARN of all deploy roles, `function` the controller's own, which narrows its sessions.

        `own` are the clients with the process's own rights. Without a pattern there are no roles, and these are used
        for every environment: a person's, for example.
        """
        self._pattern, self._function, self._own = pattern, function, own or Clients()
        self._kept = lru_cache(KEPT)(self._made)

    def of(self, environment: Environment) -> Clients:
        """The clients with the rights of this environment's role; nothing is asked until one is used."""
        return self._kept(environment.application, environment.environment)

    def _made(self, application: str, environment: str) -> Clients:
        if not self._pattern:
            return self._own
        return Clients(RoleCredentials(partial(self._assume, application, environment)))

    def _assume(self, application: str, environment: str) -> Assumed:
        """Ask STS. Every failure is transient: a role that was just made or changed is not known everywhere yet."""
        arn = self._pattern.replace(PLACEHOLDER, role_key(application, environment))
        try:
            with calling("sts:AssumeRole", arn):
                answer = self._own.tokens.assume_role(
                    RoleArn=arn,
                    RoleSessionName=f"selfright-{self._function.replace('_', '-')}",
                    ExternalId=f"{application}/{environment}",  # its trust requires this: no other role opens
                    Policy=session_policy(self._function, arn.split(":")[1]),
                    DurationSeconds=HOUR,
                )
        except SelfrightError as error:
            what = f"The deploy role of {application}/{environment} cannot be assumed: {error}"
            next_step = "AWS may need a minute for a new one; if this lasts, deploy the application's stack again."
            raise TransientError(f"{what} {next_step}", code="AssumeRole") from error
        given = answer["Credentials"]
        keys = ReadOnlyCredentials(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"], None)
        return Assumed(keys, given["Expiration"])
