"""The secrets that a release needs exist, before anything is touched. Only names of keys are read and reported."""

from controller.domain.bundle.secret_needs import AGAIN, absent, secret_of, shown
from controller.domain.bundle.secrets import SecretNeed
from controller.domain.deployment import Deployment
from controller.domain.environment import Environment
from controller.errors import AwsError, InvalidBundleError, NotFoundError, TransientError, UnusableSecretError
from controller.ports.world import World


def check_secrets(world: World, environment: Environment, deployment: Deployment) -> None:
    """Raises `InvalidBundleError` when a secret is missing, cannot be read, or lacks a key that has a value."""
    for text in deployment.secrets:
        need = SecretNeed.model_validate_json(text)
        secret_id = secret_of(environment, need)
        there = _keys(world, environment, need, secret_id)
        missing = [key for key in need.keys if key not in there]
        if missing:
            reason = f"The secret '{need.name}' ({secret_id}) has no value for {', '.join(missing)}."
            raise InvalidBundleError(reason, f"Put {_these(missing)} into it in Secrets Manager. {AGAIN}")


def _keys(world: World, environment: Environment, need: SecretNeed, secret_id: str) -> frozenset[str]:
    named = shown(need, secret_id)
    try:
        return world.secrets.keys(environment, secret_id)
    except TransientError:
        raise
    except NotFoundError as error:
        raise absent(need, secret_id) from error
    except UnusableSecretError as error:
        reason = f"{named} does not hold a JSON object of keys and values."
        raise InvalidBundleError(reason, f"Store it as keys and values in Secrets Manager. {AGAIN}") from error
    except AwsError as error:
        next_step = (
            "Correct what AWS says. A denial can also mean that there is no such secret; if there is, `secrets` of the"
            f" CDK construct `Environment` gives the right to read it. {AGAIN}"
        )
        raise InvalidBundleError(f"{named} cannot be read: {error}", next_step) from error


def _these(keys: list[str]) -> str:
    return "this key" if len(keys) == 1 else "these keys"
