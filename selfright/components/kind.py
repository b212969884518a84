"""What the command line does with a component: each kind says how, and whether it can be done at all.

A kind is a folder in this package, with its own `KIND`. The base class covers the operations that a kind leaves out:
its components cannot be packed, are not compared, and are restored only by `selfright rollback`.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from controller.domain.components.artifact import Artifact
from controller.domain.components.contents import Contents
from controller.domain.components.target import Target
from controller.errors import InvalidBundleError
from selfright.components.examined import Examination, Examining
from selfright.components.planned import ComponentPlan, LambdaCalls
from selfright.components.recovered import PointEntry, Recovery, RecoveryStep
from selfright.packing.packing import Packed, Packing

if TYPE_CHECKING:
    from controller.aws.client.clients import Clients
    from controller.domain.checks.verification import AnyCheck
    from controller.ports.components import Component

ArtifactOf = TypeVar("ArtifactOf", bound=Artifact)
TargetOf = TypeVar("TargetOf", bound=Target)


@dataclass(frozen=True)
class Planning:
    """What a component is compared with: `component` is the controller's own adapter, `bundle` the open bundle.

    `called_routes` reads the routes that the live release is known to call; `checks` are the component's own.
    """

    clients: "Clients"
    component: "Component"
    bundle: Contents
    called_routes: Callable[[], Collection[str]] = frozenset
    checks: Sequence["AnyCheck"] = ()


@dataclass(frozen=True)
class Recovering:
    """What a component is recovered from: its part of the restore point of `deployment_id`, in the bucket `bucket`."""

    clients: "Clients"
    bucket: str
    name: str
    entry: PointEntry
    document: Mapping[str, Any]
    deployment_id: str


@dataclass(frozen=True)
class RequestMetrics:
    """The CloudWatch metrics that count a component's requests from visitors and the failed ones of them."""

    namespace: str
    requests: str
    errors: str
    dimensions: Mapping[str, str]


class Kind(Generic[ArtifactOf, TargetOf]):
    """A kind of component. `only_by_name`: it is recovered only if a person names the component."""

    only_by_name: ClassVar[bool] = False

    def __init__(self, name: str) -> None:
        """`name` is the value of `kind` in a manifest and an environment."""
        self.name = name

    def pack(self, packing: Packing, artifact: ArtifactOf) -> Packed:  # noqa: ARG002 - a kind may need it
        """Write the artifact into the bundle; return its entry for the manifest. Raises `InvalidBundleError`."""
        reason = (
            f"'{packing.place}' is for a component of kind {self.name}, which this version of Selfright cannot put"
            " into a bundle"
        )
        raise InvalidBundleError(reason, "Use a version of Selfright that knows this kind.")

    def plan(
        self,
        planning: Planning,  # noqa: ARG002 - a kind may need it
        target: TargetOf,  # noqa: ARG002
        known: ComponentPlan,
        artifact: ArtifactOf,  # noqa: ARG002
    ) -> ComponentPlan:
        """Plan the component, whose live revision is in `known`.

        A kind that cannot be compared before staging returns `known`. Raises `InvalidBundleError` if staging would
        fail.
        """
        return known

    def stays(self, target: TargetOf) -> Iterator[str]:  # noqa: ARG002 - a kind may need it
        """Changes by a release to a component outside of its bundle that no rollback undoes, as sentences."""
        yield from ()

    def lambda_calls(self, plan: ComponentPlan, steps: int, evaluations: int) -> LambdaCalls:  # noqa: ARG002
        """The number of requests to Lambda's control plane for a release with so many steps and evaluations."""
        return LambdaCalls()

    def by_hand(self, target: TargetOf, revision: str) -> str:  # noqa: ARG002 - a kind may need it
        """The command with which an administrator points the component to a revision; "" when no one command does."""
        return ""

    def metrics(self, target: TargetOf) -> RequestMetrics | None:  # noqa: ARG002
        """The metrics of its visitors' requests; None if there are none."""
        return None

    def examine(self, examining: Examining, target: TargetOf) -> Sequence[Examination]:  # noqa: ARG002
        """What `selfright doctor` looks at: whether all that a release needs of this component is there and right."""
        return []

    def recoveries(self, recovering: Recovering, target: TargetOf) -> Sequence[Recovery]:  # noqa: ARG002
        """The recoveries of the component, in the order in which they run."""
        return [_ByRollback(recovering.name, self.name)]


class _ByRollback:
    """A component that only a rollback restores."""

    def __init__(self, name: str, kind: str) -> None:
        self._name, self._kind = name, kind

    def plan(self) -> list[RecoveryStep]:
        return [RecoveryStep(self._name, f"a {self._kind} is restored by `selfright rollback`, not by this command.")]
