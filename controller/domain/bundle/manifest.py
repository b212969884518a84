"""`release.yaml`: the contents of a release. It names no AWS resource, so one bundle fits every environment.

Users write the source form, which has no digests and names folders; `selfright bundle` makes the bundle form of it.
"""

from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Self, TypeGuard

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PlainValidator,
    SerializeAsAny,
    ValidationError,
    model_validator,
)

from controller.domain.bundle.manifest_errors import KnownKeys, explain
from controller.domain.bundle.secrets import SecretNeed
from controller.domain.bundle.tasks import ReleaseTask
from controller.domain.bundle.waves import Waves, waves_of
from controller.domain.checks.check import Check
from controller.domain.checks.event_check import EventCheck
from controller.domain.checks.load_check import LoadCheck
from controller.domain.checks.site_check import SiteCheck
from controller.domain.checks.verification import Verification
from controller.domain.components.artifact import BUILD_KEY, MANIFEST_NAME, Artifact
from controller.domain.components.registry import KINDS, kind_of, names_of, one_of
from controller.domain.names import matching
from controller.domain.reading.strict_yaml import read_yaml
from controller.domain.reading.written import place_of
from controller.errors import InvalidBundleError

MOST_EVENT_BYTES = 65_536
"""Of the events of all tasks together: the ledger keeps them."""
_JSON = {"body", "event", "json"}
"""The keys of checks and tasks that have JSON."""
_NEXT = f"Correct {MANIFEST_NAME}, make the bundle again and upload it."

Name = Annotated[
    str, matching("[a-z0-9][a-z0-9-]{0,30}", "1 to 31 lower-case letters, digits and '-', not beginning with '-'")
]
Version = Annotated[
    str,
    matching("[0-9A-Za-z][0-9A-Za-z.+-]{0,63}", "1 to 64 letters, digits, '.', '+' and '-', like 1.4.0 or 2025-07-01"),
]


def _artifact(value: object) -> Artifact:
    return one_of(value, Artifact, lambda kind: kind.artifact)


AnyArtifact = Annotated[SerializeAsAny[Artifact], PlainValidator(_artifact)]
"""An artifact; its `kind` says of which class."""


class Manifest(BaseModel):
    """A release: one version of an application, its components, and its verification."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    application: Name
    """The application's name, as in the environment and in the upload's key: `shop`."""
    version: Version
    """The release's version, whose contents never change."""
    description: Annotated[str, Field(max_length=1000)] | None = None
    """What is new, for people."""
    components: Annotated[dict[Name, AnyArtifact], Field(min_length=1, max_length=50)]
    """What is released, by names of your own, which the environment has too: all of them go live, and back, together.
    """
    secrets: Annotated[list[SecretNeed], Field(max_length=20)] = []
    """The secrets that must exist, with these keys, before anything is touched."""
    tasks: Annotated[list[ReleaseTask], Field(max_length=10)] = []
    """What the release does once before its checks, such as a database migration: in this order, and never undone."""
    verification: Verification = Verification()
    """The checks that the release must pass, before its visitors come and while they do."""

    @model_validator(mode="after")
    def _artifacts_are_apart(self) -> Self:
        owners: dict[str, str] = {MANIFEST_NAME: ""}
        claims = [(path, name) for name, component in self.components.items() for path in component.claims]
        for path, name in claims:
            for taken, owner in owners.items():
                if _overlap(path.lower(), taken.lower()) and not (path == taken and self._share(name, owner)):
                    whom = f"`components.{owner}`" if owner else "the manifest"
                    raise ValueError(f"`components.{name}.artifact` '{path}' overlaps with '{taken}' of {whom}")
            owners.setdefault(path, name)
        return self

    def _share(self, one: str, other: str) -> bool:
        """Whether two components are made of one artifact; raises `ValueError` when its digest has two values."""
        first, second = self.components[one], self.components.get(other)
        if second is None or not first.can_be_shared or first.kind != second.kind:
            return False
        if first.digest != second.digest:
            both = f"`components.{other}`, which has the same artifact"
            raise ValueError(f"`components.{one}.digest` differs from that of {both}")
        return True

    @model_validator(mode="after")
    def _checks_have_a_component(self) -> Self:
        places = [f"checks.{number}" for number in range(len(self.verification.checks))]
        for place, check in zip([*places, "load"], self.verification.everything, strict=False):
            where = f"`verification.{place}.component` '{check.component}'"
            if check.component not in self.components:
                known = ", ".join(sorted(self.components))
                raise ValueError(f"{where} is not a component of this release (these are: {known})")
            checked = self.components[check.component]
            if not checked.answers_requests:
                raise ValueError(f"{where} is of kind {checked.kind}, which answers no requests")
            if isinstance(check, SiteCheck) and not checked.has_pages:
                raise ValueError(f"{where} is a {checked.kind}: only a site has a page to load")
            if isinstance(check, EventCheck) and not checked.can_be_loaded:
                raise ValueError(f"{where} is a {checked.kind}: only functions take events")
            if isinstance(check, LoadCheck) and not checked.can_be_loaded:
                raise ValueError(f"{where} is a {checked.kind}: only functions are tested under load")
        return self

    @model_validator(mode="after")
    def _tasks_can_run(self) -> Self:
        for number, task in enumerate(self.tasks):
            component = self.components.get(task.component)
            where = f"`tasks.{number}.component` '{task.component}'"
            if component is None:
                known = ", ".join(sorted(self.components))
                raise ValueError(f"{where} is not a component of this release (these are: {known})")
            if not component.can_be_loaded:
                raise ValueError(f"{where} is a {component.kind}: only functions run tasks")
            if why := task.why_cut_short(getattr(component, "timeout", None)):
                own = f"`components.{task.component}.timeout`"
                raise ValueError(f"`tasks.{number}.timeout` {why}: raise {own}, or leave the task's out")
        if (size := sum(task.size for task in self.tasks)) > MOST_EVENT_BYTES:
            raise ValueError(f"`tasks` have events of {size:,} bytes together; {MOST_EVENT_BYTES:,} are allowed")
        return self

    @model_validator(mode="after")
    def _order_is_possible(self) -> Self:
        waves_of(self._after)
        return self

    @property
    def waves(self) -> Waves:
        """The components in the order in which they are staged and shifted."""
        return waves_of(self._after)

    @property
    def _after(self) -> dict[str, list[str]]:
        return {name: component.after for name, component in self.components.items()}

    @model_validator(mode="after")
    def _secrets_are_named_once(self) -> Self:
        names = [need.name for need in self.secrets]
        if twice := next((name for name in names if names.count(name) > 1), None):
            raise ValueError(f"`secrets` names '{twice}' twice: put all its keys into one entry")
        return self


def parse_manifest(text: bytes) -> Manifest:
    """The manifest of a bundle; raises `InvalidBundleError` with the place, the mistake, and what is allowed."""
    manifest = make_manifest(read_yaml(text))
    if missing := [name for name, component in manifest.components.items() if not component.digest]:
        reason = f"{MANIFEST_NAME}: `components.{missing[0]}.digest` is missing"
        raise InvalidBundleError(reason, "Make the bundle with `selfright bundle`, which writes the digests.")
    return manifest


def make_manifest(content: dict[str, Any]) -> Manifest:
    """The manifest with this content, in the source form or the bundle form; raises `InvalidBundleError`."""
    for place, key in _without_value(content):
        reason = f"{MANIFEST_NAME}: {place}`{key}` has no value: write one, or leave the key out"
        raise InvalidBundleError(reason, _NEXT)
    try:
        return Manifest.model_validate(content)
    except ValidationError as error:
        findings = error.errors(include_url=False)
        raise InvalidBundleError(
            f"{MANIFEST_NAME}: {explain(findings, _known_keys(content), content)}", _NEXT
        ) from error


def _without_value(
    content: object, where: tuple[str | int, ...] = (), whole: object = None
) -> Iterator[tuple[str, str]]:
    """The keys behind which nothing stands, with their places; not those of JSON, in which null is a value."""
    whole = content if whole is None else whole
    named = content.items() if isinstance(content, dict) else enumerate(content) if isinstance(content, list) else ()
    for key, value in named:
        at = (*where, key)
        if value is None:
            place = place_of(whole, at)
            yield f"{place}: " if place else "", ".".join(map(str, at))
        elif key not in _JSON:
            yield from _without_value(value, at, whole)


def _overlap(one: str, other: str) -> bool:
    """Whether two paths are equal, or one is inside the other."""
    return one == other or one.startswith(f"{other}/") or other.startswith(f"{one}/")


def _keys(model: type[BaseModel]) -> Sequence[str]:
    """The keys as the file has them."""
    return [field.alias or name for name, field in model.model_fields.items()]


def _of_people(artifact: type[Artifact]) -> Sequence[str]:
    """The keys of a component that people write: not those of bundles, but how it is built."""
    return [*(key for key in _keys(artifact) if key not in artifact.of_bundles), BUILD_KEY]


def _known_keys(content: dict[str, Any]) -> KnownKeys:
    """Place in the file → allowed keys; the keys of a component are those of its kind."""
    components = content.get("components")
    given = components if isinstance(components, dict) else {}
    kinds = {name: one.get("kind") for name, one in given.items() if isinstance(one, dict)}
    found = {str(name): kind_of(kind).artifact for name, kind in kinds.items() if _is_known(kind)}
    return {
        **_KNOWN_KEYS,
        **{("components", name): _of_people(artifact) for name, artifact in found.items() if artifact},
        **{("components", "*", kind): () for kind in names_of(lambda one: one.artifact_class)},
    }


def _is_known(kind: object) -> TypeGuard[str]:
    return isinstance(kind, str) and kind in KINDS


_KNOWN_KEYS: KnownKeys = {
    (): Manifest.model_fields,
    ("secrets", "*"): SecretNeed.model_fields,
    ("tasks", "*"): ReleaseTask.model_fields,
    ("verification",): Verification.model_fields,
    ("verification", "checks", "*", "http"): _keys(Check),
    ("verification", "checks", "*", "site"): _keys(SiteCheck),
    ("verification", "checks", "*", "event"): _keys(EventCheck),
    ("verification", "load"): _keys(LoadCheck),
}
