"""Gives a function its own former code and configuration again, after a release was rolled back.

Visitors come by the alias. But whoever calls the function itself (a queue's mapping, a rule, a notification) runs
`$LATEST`, in which staging has left the release. Every update is conditional on the revision id that was read, and only
what the release itself has left is replaced: what somebody else has changed since stays, and so does what the
function's template has changed.

A staging that was interrupted may still be on its way, in a function that goes on after its workflow was stopped. Then
`$LATEST` is written also where it is as stable's: so that one has lost its condition.
"""

from collections.abc import Callable, Mapping
from typing import Any

from controller.aws.components.function.code import Code, sha256_of
from controller.aws.components.function.configuration import Published, Wanted
from controller.aws.components.function.staging import Configuration, FunctionStaging
from controller.domain.deployment import Left, Pending
from controller.errors import ConflictError, LedgerConflictError
from controller.seen_again import unless_changed

OTHERS = (
    "its own code or configuration ($LATEST) is not as the release has left it, so it was not touched: whoever calls"
    " the function without its alias runs that"
)


class FunctionUnstaging(FunctionStaging):
    """Unstages one function, for one call of `unstage`."""

    def unstage(
        self, stable: str, code: Code, wanted: Wanted, source: Callable[[], Mapping[str, Any]], *, seals: bool
    ) -> Pending | Left | None:
        """Give `$LATEST` the code and the configuration of the version `stable`, if it has the release's.

        `code` and `wanted` are the release's; `source` puts the stable version's code to where Lambda reads it. With
        `seals` it is written even if it is as stable's.
        """
        live = self.known(stable)
        try:
            return unless_changed(lambda: self._unstage(live, code, wanted, source, seals=seals), self._sleep)
        except LedgerConflictError:
            raise
        except ConflictError:
            return Left(OTHERS)

    def _unstage(
        self, live: Configuration, code: Code, wanted: Wanted, source: Callable[[], Mapping[str, Any]], *, seals: bool
    ) -> Pending | Left | None:
        latest = self._settled(self.configuration("$LATEST"))
        if isinstance(latest, Pending):
            return latest
        former = Published(live)
        same_code, same_settings = sha256_of(latest) == sha256_of(live), former.is_in(latest)
        if not (same_code or sha256_of(latest) == code.sha256) or not (same_settings or wanted.is_in(latest)):
            return Left(OTHERS)
        if same_code and same_settings:
            if seals:
                self._seal(latest)
            return None
        done = latest if same_settings else self._update(latest, former.changes(latest))
        if not isinstance(done, Pending) and not same_code:
            done = self._replace(done, source())
        return done if isinstance(done, Pending) else None
