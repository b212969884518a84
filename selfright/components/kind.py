"""What the command line does with a component: it is for its kind to say how, and whether it can be done at all.

A kind is a folder in this room, with a `KIND` of its own. What it does not do here is left to the base class: it cannot
be packed, is compared by nobody, and is restored by `selfright rollback` alone.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from controller.domain.components.artifact import Artifact
from controller.domain.components.contents import Contents
from controller.domain.components.target import Target
from controller.errors import InvalidBundleError
from selfright.components.planned import ComponentPlan, LambdaCalls
from selfright.components.recovered import PointEntry, Recovery, RecoveryStep
from selfright.packing.packing import Packed, Packing

if TYPE_CHECKING:
    from controller.aws.client.clients import Clients
    from controller.ports.components import Component

ArtifactOf = TypeVar("ArtifactOf", bound=Artifact)
TargetOf = TypeVar("TargetOf", bound=Target)


@dataclass(frozen=True)
class Planning:
    """What a component is compared with: `component` is the controller's own adapter, `bundle` the open bundle.

    `asked` reads the routes that the live release is known to call.
    """

    clients: "Clients"
    component: "Component"
    bundle: Contents
    asked: Callable[[], Collection[str]] = frozenset


@dataclass(frozen=True)
class Recovering:
    """What a component is recovered from: what the restore point of `deployment_id` says of it.

    `bucket` has what was kept of it.
    """

    clients: "Clients"
    bucket: str
    name: str
    entry: PointEntry
    document: Mapping[str, Any]
    deployment_id: str


@dataclass(frozen=True)
class RequestMetrics:
    """Where CloudWatch counts what visitors ask of a component, and what of it failed."""

    namespace: str
    requests: str
    errors: str
    dimensions: Mapping[str, str]


class Kind(Generic[ArtifactOf, TargetOf]):
    """A kind of component. `only_by_name`: it is recovered only when a person names the component."""

    only_by_name: ClassVar[bool] = False

    def __init__(self, name: str) -> None:
        """`name` is what `kind` says in a manifest and an environment."""
        self.name = name

    def pack(self, packing: Packing, artifact: ArtifactOf) -> Packed:  # noqa: ARG002 - a kind may need it
        """Write the artifact into the bundle; what its manifest says of it. Raises `InvalidBundleError`."""
        reason = (
            f"'{packing.place}' is for a component of kind {self.name}, which this version cannot put into a bundle"
        )
        raise InvalidBundleError(reason, "Use a version of Selfright that can.")

    def plan(
        self,
        planning: Planning,  # noqa: ARG002 - a kind may need it
        target: TargetOf,  # noqa: ARG002
        known: ComponentPlan,
        artifact: ArtifactOf,  # noqa: ARG002
    ) -> ComponentPlan:
        """What would become of the component, of which `known` has the live revision.

        Of a kind that cannot be compared beforehand, nothing more is known. Raises `InvalidBundleError` when staging it
        would fail.
        """
        return known

    def stays(self, target: TargetOf) -> Iterator[str]:  # noqa: ARG002 - a kind may need it
        """What a release may do to a component that it does not bring, and what no rollback restores: sentences."""
        yield from ()

    def lambda_calls(self, plan: ComponentPlan, steps: int, evaluations: int) -> LambdaCalls:  # noqa: ARG002
        """How many requests Lambda's control plane gets for a release by so many steps and evaluations."""
        return LambdaCalls()

    def metrics(self, target: TargetOf) -> RequestMetrics | None:  # noqa: ARG002
        """Where the requests of its visitors are counted; None when they are not."""
        return None

    def recoveries(self, recovering: Recovering, target: TargetOf) -> Sequence[Recovery]:  # noqa: ARG002
        """What recovers it, in this order."""
        return [_ByRollback(recovering.name, self.name)]


class _ByRollback:
    """A component of a kind that is restored in another way."""

    def __init__(self, name: str, kind: str) -> None:
        self._name, self._kind = name, kind

    def plan(self) -> list[RecoveryStep]:
        return [RecoveryStep(self._name, f"a {self._kind} is put back by `selfright rollback`, not from here.")]
