"""`build:` of a component in the source form of `release.yaml`: how its artifact is made. No bundle contains it."""

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from controller.domain.bundle.manifest_errors import explain
from controller.domain.components.artifact import BUILD_KEY, MANIFEST_NAME
from controller.domain.reading.written import PlacedKeys
from controller.domain.zip.rules import why_unsafe
from controller.errors import InvalidBundleError


def _inside(path: str) -> str:
    bare = path.removesuffix("/")
    if bare != "." and (problem := why_unsafe(bare)):
        raise ValueError(f"cannot be used: it {problem}")
    return bare


SourcePath = Annotated[str, AfterValidator(_inside)]
"""A file or folder below the folder of release.yaml; `.` is that folder itself."""
Words = Annotated[list[Annotated[str, Field(min_length=1)]], Field(min_length=1, max_length=100)]


class Build(BaseModel):
    """How an artifact is made."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    command: Words
    """The words of the command that makes the artifact; no shell reads them: `[npm, run, build]`."""
    folder: Annotated[SourcePath, Field(alias="in")] = "."
    """The folder in which it runs, beside release.yaml; unsaid, the folder of release.yaml."""
    install: Words | None = None
    """The words of the command that brings its packages, run when that is needed: `[npm, ci]`."""
    sources: Annotated[list[SourcePath], Field(max_length=50)] = []
    """The files and folders on which the artifact depends; unsaid, all of the folder in which it is built."""

    @property
    def reads(self) -> list[str]:
        """The files and folders that the artifact depends on."""
        return self.sources or [self.folder]


def take_builds(content: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Build]]:
    """The manifest's content without `build`, and the builds by component; raises `InvalidBundleError`."""
    components = content.get("components")
    if not isinstance(components, dict):
        return content, {}  # the manifest's own rules will report what is wrong
    bare = components | {name: _without(component) for name, component in components.items()}
    builds = {
        str(name): _build(str(name), component[BUILD_KEY], content)
        for name, component in components.items()
        if isinstance(component, dict) and BUILD_KEY in component
    }
    return content | {"components": bare}, builds


def _without(component: object) -> object:
    if isinstance(component, PlacedKeys):
        return component.without(BUILD_KEY)
    return (
        {key: value for key, value in component.items() if key != BUILD_KEY}
        if isinstance(component, dict)
        else component
    )


def _build(name: str, value: object, content: object) -> Build:
    try:
        return Build.model_validate(value)
    except ValidationError as error:
        findings = error.errors(include_url=False)
        for finding in findings:
            finding["loc"] = ("components", name, BUILD_KEY, *finding["loc"])
        keys = [field.alias or field_name for field_name, field in Build.model_fields.items()]
        reason = f"{MANIFEST_NAME}: {explain(findings, {('components', '*', BUILD_KEY): keys}, content)}"
        raise InvalidBundleError(reason, f"Correct {MANIFEST_NAME}, then run the command again.") from error
