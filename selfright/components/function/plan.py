"""A function's code and configuration, compared with the live version, for zips and container images."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import Any, cast

from controller.aws.components.function.code import sha256_of
from controller.aws.components.function.comparison import DEAD_LETTER, ROLE, own_variables, settings_of
from controller.aws.components.function.component import LambdaComponent
from controller.aws.components.function.configuration import Wanted, variables_of
from controller.aws.components.function.invoking.events import FunctionGateway
from controller.aws.components.function.invoking.gateways import gateway_of
from controller.aws.components.function.staging import FunctionStaging
from controller.domain.checks.requests import Request
from controller.domain.components.function.artifact import LambdaArtifact
from controller.domain.components.function.binaries import why_useless_on
from controller.domain.components.function.package import MAX_FILES, MAX_UNPACKED
from controller.domain.components.function.target import LambdaTarget
from controller.domain.components.function.variables import RECORD
from controller.domain.deployment import Revision
from controller.domain.zip.directory import read_directory
from controller.errors import AwsError, InvalidBundleError
from selfright.components.kind import Planning
from selfright.components.planned import ComponentPlan, Difference, Package, Transfer
from selfright.secrecy import looks_secret

VARIABLE = "variable "


class FunctionPlanner:
    """Compares one function. It makes a few calls to Lambda and changes nothing."""

    def __init__(self, planning: Planning, target: LambdaTarget, artifact: LambdaArtifact) -> None:
        """The controller's own component decides what is refused."""
        self._planning, self._target, self._artifact = planning, target, artifact
        self._component = cast("LambdaComponent", planning.component)
        self._staging = FunctionStaging(planning.clients, target.function_name, lambda _: None)

    def plan(self, known: ComponentPlan) -> ComponentPlan:
        """Compare it with the live version in `known`. Raises `InvalidBundleError` if staging would fail."""
        version = known.live
        known = replace(known, remarks=tuple(self._untaken()))
        live = self._staging.configuration(version)
        self._require_fit(live)
        wanted = Wanted(self._artifact, self._target.variables)
        same_code = sha256_of(live) == self._component.code(self._artifact, self._planning.bundle).sha256
        package, transfer = self.sizes(live, same_code=same_code)
        new = wanted.applied_to(self._staging.configuration("$LATEST"))
        known = replace(known, remarks=(*known.remarks, *self._useless(new)))
        known, differences = replace(known, ends_after=new.get("Timeout")), _differences(live, new)
        if same_code and not differences:
            return replace(known, change="unchanged", package=package)
        risks = tuple(_risk(one, version) for one in differences if one.name in {ROLE, DEAD_LETTER})
        apart = self._component.why_indivisible(self._artifact, self._planning.bundle, Revision(version))
        bypassing = self._component.bypassed_by()
        reason, advice = bypassing.refusal(self._target)
        if reason:
            raise InvalidBundleError(f"{known.name}: {reason}", advice)
        return replace(
            known,
            change="changed",
            remarks=(*bypassing.said(self._target), *known.remarks),
            package=package,
            transfer=transfer,
            differences=differences,
            risks=risks,
            indivisible=apart,
        )

    def _untaken(self) -> Iterator[str]:
        """The routes that tests before traffic take, and that the API in front of the function does not have."""
        requests = [one for one in self._planning.checks if isinstance(one, Request) and one.before_traffic]
        gateway = gateway_of(self._planning.clients, self._target) if requests else FunctionGateway()
        for route in dict.fromkeys(filter(None, map(gateway.lacks, requests))):
            yield f"Its API has no route {route} now, so the check before traffic asks what no visitor can."

    def _useless(self, new: Mapping[str, Any]) -> Iterator[str]:
        """Compiled files for another processor that nothing imports; images are left out."""
        for architecture in list(new.get("Architectures") or [])[:1] if self._artifact.kind == "function" else []:
            path = self._artifact.artifact
            with self._planning.bundle.stream(path) as stream:
                if said := why_useless_on(architecture, stream, read_directory(stream, f"'{path}'", MAX_FILES)):
                    yield said

    def _require_fit(self, live: Mapping[str, Any]) -> None:
        try:
            self._component.require_package(live)
        except AwsError as error:
            raise InvalidBundleError(str(error), "") from error

    def sizes(self, live: Mapping[str, Any], *, same_code: bool) -> tuple[Package, Transfer | None]:
        """The code in bytes, and the pieces to upload; None for a zip, which is uploaded whole."""
        path = self._artifact.artifact
        with self._planning.bundle.stream(path) as stream:
            entries = read_directory(stream, f"'{path}'", MAX_FILES).entries
            size = stream.seek(0, 2)
        unpacked = sum(entry.size for entry in entries)
        return Package(live.get("CodeSize") or None, size, unpacked, MAX_UNPACKED, same_code), None


def _differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Difference, ...]:
    old, new = _flat(before), _flat(after)
    names = sorted(name for name in old.keys() | new.keys() if old.get(name) != new.get(name))
    hidden = _not_released(before) | _not_released(after)
    return tuple(_difference(name, old.get(name), new.get(name), hidden) for name in names)


def _not_released(configuration: Mapping[str, Any]) -> set[str]:
    """The variables that no release has set: they may be secrets, whatever their names are."""
    variables = variables_of(configuration)
    return {f"{VARIABLE}{name}" for name in variables.keys() - set(variables.get(RECORD, "").split(","))}


def _difference(name: str, before: str | None, after: str | None, hidden: Collection[str]) -> Difference:
    variable = name.removeprefix(VARIABLE)
    if name in hidden or (variable != name and any(looks_secret(variable, one or "") for one in (before, after))):
        return Difference(name, None if before is None else "", None if after is None else "", secret=True)
    return Difference(name, before, after)


def _flat(configuration: Mapping[str, Any]) -> dict[str, str]:
    """Setting or variable → value, both as text."""
    variables = {f"{VARIABLE}{name}": value for name, value in own_variables(configuration).items()}
    return settings_of(configuration) | variables


def _risk(difference: Difference, version: str) -> str:
    """A version keeps the role and queue that it was published with, but cannot use them once they are deleted."""
    before, after = difference.before or "none", difference.after or "none"
    changes = f"the {difference.name} changes from {before} to {after}; a rollback returns to version {version}, which"
    if difference.name == ROLE:
        return (
            f"{changes} uses the former role: keep that role and its permissions until this release has proved itself"
        )
    return f"{changes} uses the former queue: events that failed meanwhile stay in the new one"
