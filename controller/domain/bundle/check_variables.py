"""`${NAME}` in a check: a variable of the checked component, with its value in this environment.

So one bundle can be checked in all environments, though their origins, models or log levels differ. `$${NAME}` is the
text `${NAME}` itself.
"""

import json
import re
from collections.abc import Mapping

from pydantic import ValidationError

from controller.domain.bundle.manifest import Manifest
from controller.domain.checks.verification import AnyCheck, read_check
from controller.domain.environment import Environment
from controller.errors import InvalidBundleError

_PLACE = re.compile(r"\$?\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


def checks_for(manifest: Manifest, environment: Environment) -> tuple[str, ...]:
    """The release's checks in the ledger's form (JSON), with the variables' values.

    Raises `InvalidBundleError` for a variable that the component lacks, and for a value that is not valid there.
    """
    return tuple(
        _filled(check, variables_of(check.component, manifest, environment))
        for check in manifest.verification.everything
    )


def variables_of(component: str, manifest: Manifest, environment: Environment) -> dict[str, str]:
    """The variables of this component of the release: the bundle's, overridden by the environment's."""
    target = environment.components.get(component)
    return {**manifest.components[component].variables, **(target.variables if target else {})}


def _filled(check: AnyCheck, variables: Mapping[str, str]) -> str:
    text = check.model_dump_json()

    def value(found: re.Match[str]) -> str:
        if found[0].startswith("$$"):
            return found[0][1:]
        if found[1] not in variables:
            known = ", ".join(sorted(variables)) or "none"
            where, wrong = f"verification: {check.name}", f"{found[0]} is not a variable of {check.component} here"
            raise InvalidBundleError(
                f"{where}: {wrong} (it has: {known}).",
                f"Give it the variable, in the bundle or the environment, or write ${found[0]} for the text.",
            )
        return json.dumps(variables[found[1]])[1:-1]  # It is a part of a JSON string.

    filled = _PLACE.sub(value, text)
    if filled == text:
        return text
    try:
        return read_check(filled).model_dump_json()
    except ValidationError as error:
        wrong = error.errors(include_input=False, include_url=False)[0]["msg"]
        raise InvalidBundleError(
            f"verification: {check.name}: with this environment's values, it {wrong.removeprefix('Value error, ')}.",
            f"Look at the variables of {check.component} in the bundle and in the environment.",
        ) from error
