"""The revisions of a component's parameters in SSM: `<prefix>/revisions/<id>/<name>`, written once and never changed.

A parameter is only ever created, on the condition that it does not exist. One that exists is compared: either it has
this revision's value, from a staging that did not finish, or somebody changed it, and then it is not overwritten.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from controller.aws.client.calls import calling
from controller.aws.client.clients import Clients
from controller.errors import ChangedByOthersError, ConflictError
from controller.seen_again import seen_again

if TYPE_CHECKING:
    from mypy_boto3_ssm.type_defs import ParameterTypeDef

AT_ONCE = 10
"""How many parameters SSM lists or deletes in one call."""


class ParameterStore:
    """The revisions below one prefix."""

    def __init__(self, clients: Clients, prefix: str) -> None:
        self._clients, self._root = clients, f"{prefix}/revisions"

    def read(self, revision: str) -> dict[str, str]:
        """Names and values of a revision, one call for ten; empty when there is no such revision."""
        return {_name(one): one.get("Value", "") for one in self._list(f"{self._root}/{revision}")}

    def write(self, revision: str, values: Mapping[str, str]) -> None:
        """Create the missing parameters; raises `ChangedByOthersError` when one exists with another value."""
        there = seen_again(lambda: self.read(revision), lambda found: found.items() <= values.items())
        for name, value in values.items():
            if there.get(name, value) != value:
                raise self._changed(revision, name)
            if name not in there:
                self._create(revision, name, value)
        if unknown := sorted(there.keys() - values.keys()):
            raise self._changed(revision, unknown[0])

    def revisions(self) -> list[str]:
        """All revisions, newest first."""
        written: dict[str, float] = {}
        for one in self._list(self._root):
            revision = one["Name"].removeprefix(f"{self._root}/").partition("/")[0]
            written[revision] = max(written.get(revision, 0), one["LastModifiedDate"].timestamp())
        return sorted(written, key=lambda revision: (written[revision], revision), reverse=True)

    def delete(self, revision: str) -> None:
        """Delete a revision, one call for ten parameters."""
        names = [f"{self._root}/{revision}/{name}" for name in self.read(revision)]
        for some in _parts(names):
            with calling("ssm:DeleteParameters", f"{self._root}/{revision}"):
                self._clients.parameters.delete_parameters(Names=some)

    def _create(self, revision: str, name: str, value: str) -> None:
        path = f"{self._root}/{revision}/{name}"
        try:
            with calling("ssm:PutParameter", path):
                self._clients.parameters.put_parameter(Name=path, Value=value, Type="String", Overwrite=False)
        except ConflictError:
            if seen_again(lambda: self._value(path), lambda there: there == value) != value:
                raise self._changed(revision, name) from None

    def _value(self, path: str) -> str:
        with calling("ssm:GetParameter", path):
            return self._clients.parameters.get_parameter(Name=path)["Parameter"].get("Value", "")

    def _list(self, path: str) -> "Iterator[ParameterTypeDef]":
        pages = self._clients.parameters.get_paginator("get_parameters_by_path")
        with calling("ssm:GetParametersByPath", path):
            for page in pages.paginate(Path=path, Recursive=True, PaginationConfig={"PageSize": AT_ONCE}):
                yield from page["Parameters"]

    def _changed(self, revision: str, name: str) -> ChangedByOthersError:
        return ChangedByOthersError(
            f"{self._root}/{revision}/{name} does not have the release's value: somebody else changed it, so it was"
            " left as it is. Delete or correct that parameter, and change settings by a release."
        )


def _name(parameter: "ParameterTypeDef") -> str:
    return parameter["Name"].rpartition("/")[2]


def _parts(names: list[str]) -> Iterable[list[str]]:
    return (names[start : start + AT_ONCE] for start in range(0, len(names), AT_ONCE))
