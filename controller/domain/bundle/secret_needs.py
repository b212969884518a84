"""Which secret of Secrets Manager a release needs in an environment, and the messages for missing ones."""

from controller.domain.bundle.secrets import SecretNeed
from controller.domain.environment import Environment
from controller.errors import InvalidBundleError

AGAIN = "Then upload the bundle again."


def secret_of(environment: Environment, need: SecretNeed) -> str:
    """The id in Secrets Manager for a secret's logical name; raises `InvalidBundleError` when there is none."""
    if need.name not in environment.secrets:
        known = ", ".join(sorted(environment.secrets)) or "none"
        reason = f"The release needs the secret '{need.name}', which {environment.key} does not map (it has: {known})."
        raise InvalidBundleError(reason, f"Add it to `secrets` of the environment with CDK. {AGAIN}")
    return environment.secrets[need.name]


def absent(need: SecretNeed, secret_id: str) -> InvalidBundleError:
    """The error for a secret that does not exist."""
    with_keys = f" with {', '.join(need.keys)}" if need.keys else ""
    next_step = f"Create it{with_keys}, or correct its id in the environment. {AGAIN}"
    return InvalidBundleError(f"{shown(need, secret_id)} does not exist.", next_step)


def shown(need: SecretNeed, secret_id: str) -> str:
    """The secret with its logical name and its id."""
    return f"The secret '{need.name}' ({secret_id})"
