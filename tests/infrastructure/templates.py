"""Synthesized templates with queries for tests."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from controller.aws.client.sessions import session_policy
from controller.aws.environment_parts import joined
from selfright.cdk.names import DEPLOY_ROLES, WORKING_FOR_ENVIRONMENTS, Group


@dataclass(frozen=True)
class Template:
    """One stack's template with queries for tests."""

    document: Mapping[str, Any]

    def of_type(self, kind: str) -> dict[str, dict[str, Any]]:
        """Logical id → properties of all resources of a type."""
        found = self.document["Resources"].items()
        return {name: one.get("Properties", {}) for name, one in found if one["Type"] == kind}

    def only(self, kind: str) -> dict[str, Any]:
        """The properties of the one resource of a type."""
        (properties,) = self.of_type(kind).values()
        return properties

    @property
    def front(self) -> tuple[str, dict[str, Any]]:
        """The logical id and the properties of the distribution for visitors: the one with another behind it."""
        found = self.of_type("AWS::CloudFront::Distribution").items()
        ((name, properties),) = [one for one in found if "OriginGroups" in one[1]["DistributionConfig"]]
        return name, properties

    def named(self, kind: str, key: str, name: object) -> dict[str, Any]:
        """The properties of the resource of a type that has this name."""
        (properties,) = [one for one in self.of_type(kind).values() if self.text(one.get(key)) == name]
        return properties

    def registered(self) -> str:
        """The document of the one environment as JSON, joined from its parameters as the controller joins them."""
        named = {
            self.text(one["Name"]): self.text(one["Value"]) for one in self.of_type("AWS::SSM::Parameter").values()
        }
        parts = {name: value for name, value in named.items() if re.fullmatch(r"/selfright/[^/]+/[^/]+/[0-9]+", name)}
        (root,) = {name.rpartition("/")[0] for name in parts}
        return json.dumps(joined(root, {int(name.rpartition("/")[2]): value for name, value in parts.items()}))

    def policies(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Every statement of every IAM policy, with the logical id of the policy."""
        for kind in ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"):
            for name, policy in self.of_type(kind).items():
                yield from ((name, statement) for statement in policy["PolicyDocument"]["Statement"])

    def allowed(self, role: str) -> dict[str, set[str]]:
        """Action → resources, of all that this template allows a role (by name, or `<LogicalId>`)."""
        granted: dict[str, set[str]] = {}
        for policy in self.of_type("AWS::IAM::Policy").values():
            if role in map(self.text, policy["Roles"]):
                for statement in policy["PolicyDocument"]["Statement"]:
                    for action in as_list(statement["Action"]):
                        granted.setdefault(action, set()).update(map(self.text, as_list(statement["Resource"])))
        return granted

    def work_of(self, group: Group) -> dict[str, set[str]]:
        """Action → resources, of all that a function of the controller may do with the deploy roles of this template.

        That is what the role's managed policies and the session policy of the function both allow.
        """
        may: dict[str, set[str]] = {}
        if group not in WORKING_FOR_ENVIRONMENTS:
            return may
        session = json.loads(session_policy(group.value, "<AWS::Partition>"))["Statement"]
        patterns = {action: one["Resource"] for one in session for action in one["Action"]}
        for statement in self.rights():
            for action in set(as_list(statement["Action"])) & patterns.keys():
                resources = map(self.text, as_list(statement["Resource"]))
                may.setdefault(action, set()).update(one for one in resources if fnmatchcase(one, patterns[action]))
        return {action: resources for action, resources in may.items() if resources}

    def rights(self) -> list[dict[str, Any]]:
        """The statements of the managed policies of all deploy roles."""
        given = [
            self.of_type("AWS::IAM::ManagedPolicy")[policy["Ref"]]
            for role in self.of_type("AWS::IAM::Role").values()
            if self.text(role.get("RoleName", "")).startswith(DEPLOY_ROLES)
            for policy in role["ManagedPolicyArns"]
        ]
        return [statement for policy in given for statement in policy["PolicyDocument"]["Statement"]]

    def text(self, value: Any) -> str:  # noqa: ANN401 # a piece of a template
        """A value as one line, references in angle brackets: `<SiteBucket.Arn>/*`."""
        match value:
            case {"Fn::Join": [separator, parts]}:
                return str(separator).join(self.text(part) for part in parts)
            case {"Fn::GetAtt": [name, attribute]}:
                return f"<{name}.{attribute}>"
            case {"Ref": name}:
                return f"<{name}>"
            case _:
                return str(value)


def as_list(value: Any) -> list[Any]:  # noqa: ANN401 # a piece of a template
    """A template's "one or several" as a list."""
    return value if isinstance(value, list) else [value]


@dataclass(frozen=True)
class Synthesized:
    """The result of one synthesis."""

    folder: Path

    def template(self, stack: str) -> Template:
        """The template of a stack."""
        return Template(json.loads(self.path(stack).read_text()))

    def path(self, stack: str) -> Path:
        """The path of a stack's template."""
        return self.folder / f"{stack}.template.json"

    def findings(self) -> list[str]:
        """What CDK's own validation and cdk-nag found."""
        reports = json.loads((self.folder / "validation-report.json").read_text())["pluginReports"]
        return [
            f"{one['ruleName']}: {one['violatingConstructs']}" for report in reports for one in report["violations"]
        ]

    def annotations(self) -> list[str]:
        """Warnings and errors of constructs about themselves."""
        files = self.folder.glob("*.metadata.json")
        return [line for file in files for line in re.findall(r'"aws:cdk:(?:warning|error)".*', file.read_text())]
