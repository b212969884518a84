"""Whether an environment accepts a release, judged by its bundle and the environment's configuration."""

from collections.abc import Callable

from controller.domain.bundle.archive import BundleArchive
from controller.domain.bundle.check_variables import checks_for
from controller.domain.bundle.manifest import Manifest
from controller.domain.bundle.secret_needs import secret_of
from controller.domain.checks.addresses import ADVICE
from controller.domain.environment import Environment
from controller.errors import InvalidBundleError

MOST_BYTES = 100_000
"""Of all checks together: an item of the ledger holds 400 KB, and must always have room for a trip."""


def check_release(
    environment: Environment, archive: BundleArchive, manifest: Manifest, url_refusal: Callable[[str], str]
) -> tuple[str, ...]:
    """Check that the environment can accept this bundle; returns the release's checks in the ledger's form.

    `url_refusal` says why a URL may not be checked, "" when it may. Raises `InvalidBundleError`.
    """
    _check_fit(manifest, environment)
    _check_components(archive, manifest, environment)
    _check_urls(url_refusal, manifest, environment)
    checks = checks_for(manifest, environment)
    _require_room(checks)
    return checks


def _check_fit(manifest: Manifest, environment: Environment) -> None:
    if manifest.application != environment.application:
        reason = (
            f"The bundle is a release of '{manifest.application}' but was uploaded for '{environment.application}'."
        )
        raise InvalidBundleError(reason, f"Upload it to incoming/{manifest.application}/<environment>/.")
    for name, artifact in manifest.components.items():
        target = environment.components.get(name)
        if target is None:
            known = ", ".join(sorted(environment.components))
            reason = f"components.{name}: the environment {environment.key} has no such component (it has: {known})."
            raise InvalidBundleError(reason, "Rename the component, or add it to the environment with CDK.")
        if target.kind != artifact.kind:
            reason = f"components.{name}: is a {artifact.kind} in the bundle and a {target.kind} in {environment.key}."
            raise InvalidBundleError(reason)
    for need in manifest.secrets:
        secret_of(environment, need)


def _check_urls(url_refusal: Callable[[str], str], manifest: Manifest, environment: Environment) -> None:
    """Refuse URLs that the checks would not be allowed to request, before anything is touched."""
    if environment.allow_private_urls:
        return
    for name in sorted({check.component for check in manifest.verification.checks if check.from_outside}):
        url = environment.components[name].url
        if url and (reason := url_refusal(url)):
            what = f"components.{name}: the URL {url} in {environment.key} may not be checked: {reason}."
            raise InvalidBundleError(what, ADVICE)


def _check_components(archive: BundleArchive, manifest: Manifest, environment: Environment) -> None:
    """Refuse artifacts that do not fit their targets."""
    for name, artifact in manifest.components.items():
        try:
            environment.components[name].require_fit(artifact, archive)
        except InvalidBundleError as error:
            raise InvalidBundleError(f"components.{name}: {error.reason}.", error.next_step) from error


def _require_room(checks: tuple[str, ...]) -> None:
    """Raise `InvalidBundleError` when the checks, with their variables filled in, are too large for the ledger."""
    if (size := sum(len(check.encode()) for check in checks)) > MOST_BYTES:
        reason = f"The checks have {size:,} bytes with their variables filled in; {MOST_BYTES:,} are allowed."
        raise InvalidBundleError(reason, "Make fewer checks, or shorter texts in them.")
