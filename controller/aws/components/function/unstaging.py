"""Gives a function its own former code and configuration again, after a release was rolled back.

Visitors come by the alias. But whoever calls the function itself (a queue's mapping, a rule, a notification) runs
`$LATEST`, in which staging has left the release. Every update is conditional on the revision id that was read, and only
what the release itself has left is replaced: what somebody else has changed since stays, and so does what the
function's template has changed.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from controller.aws.client.calls import calling
from controller.aws.components.function.code import Code, sha256_of
from controller.aws.components.function.configuration import Published, Wanted
from controller.aws.components.function.staging import Configuration, FunctionStaging
from controller.domain.deployment import Left, Pending
from controller.errors import ConflictError
from controller.seen_again import PAUSES

OTHERS = (
    "its own code or configuration ($LATEST) is not as the release has left it, so it was not touched: whoever calls"
    " the function without its alias runs that"
)


class FunctionUnstaging(FunctionStaging):
    """Unstages one function, for one call of `unstage`."""

    def unstage(
        self, stable: str, code: Code, wanted: Wanted, source: Callable[[], Mapping[str, Any]]
    ) -> Pending | Left | None:
        """Give `$LATEST` the code and the configuration of the version `stable`, if it has the release's.

        `code` and `wanted` are the release's; `source` puts the stable version's code to where Lambda reads it.
        """
        live = self.known(stable)
        for pause in PAUSES:
            with suppress(ConflictError):
                return self._unstage(live, code, wanted, source)
            self._sleep(pause)
        try:
            return self._unstage(live, code, wanted, source)
        except ConflictError:
            return Left(OTHERS)

    def _unstage(
        self, live: Configuration, code: Code, wanted: Wanted, source: Callable[[], Mapping[str, Any]]
    ) -> Pending | Left | None:
        latest = self._settled(self.configuration("$LATEST"))
        if isinstance(latest, Pending):
            return latest
        former = Published(live)
        same_code, same_settings = sha256_of(latest) == sha256_of(live), former.is_in(latest)
        if not (same_code or sha256_of(latest) == code.sha256) or not (same_settings or wanted.is_in(latest)):
            return Left(OTHERS)
        if not same_settings:
            updated = self._update(latest, former.changes(latest))
            if isinstance(updated, Pending):
                return updated
            latest = updated
        return None if same_code else self._give_back(latest, source())

    def _give_back(self, latest: Configuration, source: Mapping[str, Any]) -> Pending | None:
        with calling("lambda:UpdateFunctionCode", self._name):
            answer = self._clients.functions.update_function_code(
                FunctionName=self._name, RevisionId=latest["RevisionId"], Publish=False, **source
            )
        updated = self._updated(latest, dict(answer))
        return updated if isinstance(updated, Pending) else None
