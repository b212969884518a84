"""SSM's Parameter Store in memory. A write has no condition, except that a creation can be one; versions only rise."""
# ruff: noqa: ANN401, N803 - requests and answers are AWS's documents

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tests.simulation.aws.service import Journal, Refusal, Service, operation, page

PAGE = 10
KEPT_VERSIONS = 100
LONGEST = 4096


@dataclass(frozen=True)
class Written:
    """One version of a parameter."""

    version: int
    value: str
    type: str
    at: datetime


class Ssm(Service):
    """Parameters by name; reads may be behind."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        super().__init__(now)
        self._parameters: dict[str, tuple[Written, ...]] = {}
        self._journal = Journal(now)

    def value(self, name: str) -> str | None:
        """The value of a parameter, or None."""
        versions = self._parameters.get(name)
        return versions[-1].value if versions else None

    def names(self, beginning: str = "/") -> list[str]:
        """The names of all parameters that begin so."""
        return sorted(name for name in self._parameters if name.startswith(beginning))

    @operation
    def put_parameter(
        self, *, Name: str, Value: str, Type: str = "", Overwrite: bool = False, **_: Any
    ) -> dict[str, Any]:
        """Write the next version; without `Overwrite`, only if there is none."""
        before = self._parameters.get(Name, ())
        if before and not Overwrite:
            raise Refusal(
                "ParameterAlreadyExists",
                "The parameter already exists. To overwrite this value, set the overwrite option.",
            )
        if not Value or len(Value) > LONGEST or not (Type or before):
            raise Refusal("ValidationException", "The value is empty or too long, or a type is missing.")
        number = before[-1].version + 1 if before else 1
        written = Written(number, Value, Type or before[-1].type, self._now())
        self._store(Name, (*before, written)[-KEPT_VERSIONS:])
        return {"Version": number, "Tier": "Standard"}

    @operation
    def get_parameter(self, *, Name: str, WithDecryption: bool = False) -> dict[str, Any]:
        """A parameter, or one version of it (`name:3`)."""
        name, _, number = Name.partition(":")
        versions = self._seen(name)
        if not versions:
            raise Refusal("ParameterNotFound", f"Parameter {name} not found.")
        found = next((one for one in versions if str(one.version) == number), None) if number else versions[-1]
        if found is None:
            raise Refusal("ParameterVersionNotFound", f"Version {number} of {name} does not exist.")
        return {"Parameter": _shown(name, found)}

    @operation
    def get_parameters(self, *, Names: Sequence[str], WithDecryption: bool = False) -> dict[str, Any]:
        """Several parameters, and the names of those that do not exist."""
        found = {name: versions for name in Names if (versions := self._seen(name))}
        return {
            "Parameters": [_shown(name, versions[-1]) for name, versions in found.items()],
            "InvalidParameters": [name for name in Names if name not in found],
        }

    @operation
    def get_parameters_by_path(
        self,
        *,
        Path: str,
        Recursive: bool = False,
        MaxResults: int = PAGE,
        NextToken: str | None = None,
        WithDecryption: bool = False,
    ) -> dict[str, Any]:
        """The parameters below a path, at most ten in an answer."""
        root = Path if Path.endswith("/") else f"{Path}/"
        former = self._journal.before(self.lag)
        names = dict.fromkeys(str(name) for name in (*self._parameters, *former))
        inside = [name for name in names if name.startswith(root) and (Recursive or "/" not in name[len(root) :])]
        found = [_shown(name, versions[-1]) for name in inside if (versions := self._seen(name))]
        shown, following = page(found, NextToken, min(MaxResults, PAGE))
        return {"Parameters": shown, **({"NextToken": following} if following else {})}

    @operation
    def get_parameter_history(
        self, *, Name: str, MaxResults: int = 50, NextToken: str | None = None, WithDecryption: bool = False
    ) -> dict[str, Any]:
        """All versions that are kept, oldest first."""
        versions = self._seen(Name)
        if not versions:
            raise Refusal("ParameterNotFound", f"Parameter {Name} not found.")
        told = {"LastModifiedUser": "N/A", "Labels": [], "Tier": "Standard"}
        found = [{**_shown(Name, one), **told} for one in versions]
        for one in found:
            del one["ARN"]  # A history is told without it.
        shown, following = page(found, NextToken, MaxResults)
        return {"Parameters": shown, **({"NextToken": following} if following else {})}

    @operation
    def delete_parameter(self, *, Name: str) -> dict[str, Any]:
        """Delete one parameter."""
        if Name not in self._parameters:
            raise Refusal("ParameterNotFound", f"Parameter {Name} not found.")
        self._store(Name, None)
        return {}

    @operation
    def delete_parameters(self, *, Names: Sequence[str]) -> dict[str, Any]:
        """Delete at most ten; those that do not exist are only told of."""
        if len(Names) > PAGE:
            raise Refusal("ValidationException", "At most ten names.")
        gone = [name for name in Names if name in self._parameters]
        for name in gone:
            self._store(name, None)
        return {"DeletedParameters": gone, "InvalidParameters": [name for name in Names if name not in gone]}

    def _seen(self, name: str) -> tuple[Written, ...] | None:
        found: tuple[Written, ...] | None = self._journal.seen(name, self._parameters.get(name), self.lag)
        return found

    def _store(self, name: str, versions: tuple[Written, ...] | None) -> None:
        self._journal.note(name, self._parameters.get(name))
        if versions:
            self._parameters[name] = versions
        else:
            del self._parameters[name]


def _shown(name: str, written: Written) -> dict[str, Any]:
    return {
        "Name": name,
        "Type": written.type,
        "Value": written.value,
        "Version": written.version,
        "LastModifiedDate": written.at,
        "ARN": f"arn:aws:ssm:eu-central-1:123456789012:parameter{name}",
        "DataType": "text",
    }
