"""What people should know of a release before it is released, although nothing refuses it.

`selfright bundle` and `selfright plan` show the remarks, and the controller writes them into the ledger before
anything is touched.
"""

from collections.abc import Iterable, Iterator

from controller.domain.bundle.manifest import Manifest
from controller.domain.components.contents import Contents

MOST = 30
"""So many remarks are shown of one release; the others are counted."""


def remarks_on(manifest: Manifest, bundle: Contents) -> tuple[str, ...]:
    """The remarks on a release whose files fit its manifest, each a sentence; those on a component begin with its name.

    Raises `InvalidBundleError` when a file that describes others is missing or invalid.
    """
    of_components = (
        f"{name}: {said}" for name, one in sorted(manifest.components.items()) for said in one.remarks(bundle)
    )
    return bounded([*of_components, *_unchecked(manifest)])


def bounded(remarks: Iterable[str]) -> tuple[str, ...]:
    """The first remarks, and how many more there are."""
    known = tuple(remarks)
    return known if len(known) <= MOST else (*known[: MOST - 1], f"There are {len(known) - MOST + 1} more remarks.")


def _unchecked(manifest: Manifest) -> Iterator[str]:
    checked = {check.component for check in manifest.verification.everything}
    for name, one in sorted(manifest.components.items()):
        if one.answers_requests and name not in checked:
            yield f"{name}: No check looks at it, so alarms and the comparison with stable alone guard it."
