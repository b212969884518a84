"""A CloudFormation template: its contents, and what a release may not contain, as far as that needs no AWS."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from controller.domain.components.stack.template_yaml import MOST_DEPTH, TemplateReader
from controller.domain.printable import printable
from controller.domain.reading.costly import read_within_limits
from controller.domain.reading.strict_json import read_json
from controller.domain.reading.strict_yaml import UnreadableError
from controller.domain.reading.written import place_of
from controller.errors import InvalidBundleError

MAX_BYTES = 1_000_000
"""CloudFormation's own limit for a template that it reads from S3."""
MAX_RESOURCES = 500
MERGED = ("Resources", "Parameters", "Conditions", "Mappings")
FROM_SSM = "AWS::SSM::Parameter::Value<"
"""The types of parameters whose values CloudFormation reads from SSM, whenever the stack is updated, begin so."""
_ID_LENGTH = 16
_SHOWN = 60


@dataclass(frozen=True)
class Template:
    """A template. `content` has the long forms of CloudFormation's short ones (`!Ref X`)."""

    text: str
    content: Mapping[str, Any]

    @property
    def resources(self) -> Mapping[str, str]:
        """Logical id → type."""
        return {name: str(one.get("Type", "")) for name, one in self.content["Resources"].items()}

    @property
    def uses_macros(self) -> bool:
        """Whether macros make something else of the template than is written here."""
        return "Transform" in self.content or _mentions(self.content, "Fn::Transform")

    @property
    def secrets(self) -> list[str]:
        """The names of the parameters whose values CloudFormation never returns (NoEcho)."""
        declared: Mapping[str, Any] = self.content.get("Parameters") or {}
        return [name for name, one in declared.items() if _is_secret(one)]

    @property
    def from_ssm(self) -> list[str]:
        """The names of the parameters whose values CloudFormation reads from SSM."""
        declared: Mapping[str, Any] = self.content.get("Parameters") or {}
        return sorted(name for name, one in declared.items() if str(one.get("Type", "")).startswith(FROM_SSM))

    def parameters(self, given: Mapping[str, str]) -> Mapping[str, str]:
        """All parameters with their values: the given ones, else the defaults. Raises `InvalidBundleError`."""
        declared: Mapping[str, Any] = self.content.get("Parameters") or {}
        if unknown := sorted(given.keys() - declared.keys()):
            known = ", ".join(sorted(declared)) or "none"
            raise InvalidBundleError(f"the template has no parameter '{unknown[0]}' (it has: {known})")
        for name, one in declared.items():
            if name in given and _is_secret(one):
                reason = f"the parameter '{name}' is secret (NoEcho): AWS never returns it, so it could not be restored"
                raise InvalidBundleError(reason, "Use a dynamic reference to Secrets Manager in the template instead.")
        missing = sorted(name for name, one in declared.items() if name not in given and "Default" not in one)
        if missing:
            advice = "Give it under `parameters` of the component, in release.yaml or in the environment."
            raise InvalidBundleError(f"the template's parameter '{missing[0]}' has no value", advice)
        return {name: given.get(name, _text(one.get("Default"))) for name, one in declared.items()}


def parse_template(text: bytes, file: str) -> Template:
    """The template in a file of a bundle; raises `InvalidBundleError` for one that no environment could accept."""
    if len(text) > MAX_BYTES:
        reason = f"{file} has {len(text):,} bytes; CloudFormation takes at most {MAX_BYTES:,}"
        raise InvalidBundleError(reason, "Split it into two stacks.")
    if not text.isascii():
        reason = f"{file} has characters other than ASCII, which CloudFormation does not keep as they are"
        raise InvalidBundleError(reason, "Write them as escapes (\\u00e9), or leave them out.")
    template = read_template(text.decode(), file)
    resources = template.content["Resources"]
    if len(resources) > MAX_RESOURCES:
        reason = f"{file} has {len(resources)} resources; CloudFormation takes at most {MAX_RESOURCES}"
        raise InvalidBundleError(reason, "Split it into two stacks.")
    for name, one in resources.items():
        if not isinstance(one, dict) or not isinstance(one.get("Type"), str):
            where = f"{place}: " if (place := place_of(template.content, ("Resources", name))) else ""
            reason = f"{file}: {where}the resource '{printable(name)[:_SHOWN]}' has no `Type`"
            raise InvalidBundleError(reason, f"Correct {file}.")
    return template


def read_template(text: str, file: str) -> Template:
    """The template in a text, JSON or YAML; raises `InvalidBundleError` when the text is not one."""
    try:
        content = read_within_limits(lambda: _content(text), len(text), file)
    except UnreadableError as error:
        raise InvalidBundleError(f"{file} cannot be read: {printable(str(error))}", f"Correct {file}.") from error
    if not isinstance(content, dict) or not isinstance(content.get("Resources"), dict) or not content["Resources"]:
        reason = f"{file} is not a CloudFormation template: it has no `Resources`"
        raise InvalidBundleError(reason, f"Correct {file}.")
    declared = content.get("Parameters") or {}
    if not isinstance(declared, dict) or not all(isinstance(one, dict) for one in declared.values()):
        reason = f"{file}: `Parameters` must be keys and values, and so must each of them"
        raise InvalidBundleError(reason, f"Correct {file}.")
    return Template(text, content)


def _content(text: str) -> Any:  # noqa: ANN401 - any JSON or YAML
    return read_json(text, MOST_DEPTH) if text.lstrip().startswith("{") else TemplateReader(text).read()


def revision_of(text: str, parameters: Mapping[str, str], read: Mapping[str, str] | None = None) -> str:
    """The id of a template with these parameters: the first digits of a SHA-256.

    `read` are the values that CloudFormation has read from SSM, by parameter: they are part of what a stack is.
    """
    parts = [text.replace("\r\n", "\n").strip(), dict(parameters), *([dict(read)] if read else [])]
    source = json.dumps(parts, sort_keys=True)
    return hashlib.sha256(source.encode()).hexdigest()[:_ID_LENGTH]


def added(former: Template, present: Template) -> list[str]:
    """The logical ids of the resources that only the present template has."""
    return sorted(present.resources.keys() - former.resources.keys())


def keeping(former: Template, present: Template) -> Template:
    """The former template with the present one's additions: it undoes changes and keeps new resources."""
    merged = dict(former.content)
    for section in MERGED:
        both = {**(present.content.get(section) or {}), **(former.content.get(section) or {})}
        merged |= {section: both} if both else {}
    return Template(json.dumps(merged), merged)


def _mentions(value: object, key: str) -> bool:
    """Whether a key is anywhere in a value; without recursion, because JSON may be nested very deep."""
    left = [value]
    while left:
        one = left.pop()
        if isinstance(one, dict):
            if key in one:
                return True
            left.extend(one.values())
        elif isinstance(one, list):
            left.extend(one)
    return False


def _is_secret(parameter: Mapping[str, Any]) -> bool:
    return str(parameter.get("NoEcho", "")).lower() == "true"


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
