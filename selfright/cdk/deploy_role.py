"""The deploy role of an environment, with which the controller works for this environment and for no other.

The role is in the application's stack. It trusts the account, on the conditions that one of the controller's roles
assumes it, by its name, and that it comes for this environment: so the controller can be deleted and made anew, while a
role that were named as the principal itself would be trusted by an id that dies with it.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from aws_cdk import Duration, Stack
from aws_cdk import aws_iam as iam
from constructs import Construct

from selfright.cdk.errors import DeclarationError
from selfright.cdk.exceptions import accept_wildcards
from selfright.cdk.names import WORKING_FOR_ENVIRONMENTS, deploy_role_name

LARGEST_POLICY = 6144
"""The characters of a managed policy, without white space."""
MOST_POLICIES = 10
"""The managed policies of a role, as long as nobody has the quota raised."""
LONGEST = {"AWS::Partition": 10, "AWS::Region": 14, "AWS::AccountId": 12, "AWS::URLSuffix": 16}
"""The characters of what CloudFormation fills in for these."""
LONGEST_REFERENCE, LONGEST_ARN = 64, 140
"""The characters of a name, and of an ARN, that CloudFormation fills in."""
OWN_CHILDREN = (
    "One function's versions, one bucket's objects, one prefix's parameters, one database's snapshots: "
    "releases create and delete them."
)
"""The reason for the `*` at the end of some resources in an application's policies."""
Shape = tuple[str, tuple[str, ...]]
"""The conditions of a statement, as JSON, and its actions."""


class DeployRole(Construct):
    """The role (`.role`) with exactly these rights, in as many managed policies as they need."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        application: str,
        environment: str,
        statements: Sequence[iam.PolicyStatement],
    ) -> None:
        """Make the role; raises `DeclarationError` when its rights do not fit."""
        super().__init__(scope, construct_id)
        key = f"{application}/{environment}"
        documents = packed(Stack.of(self), statements)
        if len(documents) > MOST_POLICIES:
            raise DeclarationError(
                f"{key}: what a release of it needs does not fit into the {MOST_POLICIES} managed policies of a role"
                f" (it would be {len(documents)}). Declare two environments, each with some of the components."
            )
        policies = [self._policy(number, key, document) for number, document in enumerate(documents, 1)]
        self.role = iam.Role(
            self,
            "Role",
            role_name=deploy_role_name(application, environment),
            description=f"What Selfright may do in {key}; only its controller can assume it",
            assumed_by=iam.PrincipalWithConditions(
                iam.AccountRootPrincipal(),
                {"ArnEquals": {"aws:PrincipalArn": [group.role_arn for group in WORKING_FOR_ENVIRONMENTS]}},
            ),
            external_ids=[key],
            managed_policies=policies,
            max_session_duration=Duration.hours(1),
        )

    def _policy(self, number: int, key: str, statements: Sequence[Mapping[str, Any]]) -> iam.IManagedPolicy:
        policy = iam.CfnManagedPolicy(
            self,
            f"Rights{number}",
            description=f"What Selfright may do in {key} ({number})",
            policy_document={"Version": "2012-10-17", "Statement": list(statements)},
        )
        accept_wildcards(policy, OWN_CHILDREN, [arn for one in statements for arn in one["Resource"]])
        return iam.ManagedPolicy.from_managed_policy_arn(self, f"Given{number}", policy.ref)


def packed(stack: Stack, statements: Iterable[iam.PolicyStatement]) -> list[list[Mapping[str, Any]]]:
    """The same rights in as few statements and documents as fit: each resource is written once.

    A hundred functions have a hundred resources, but the same few actions.
    """
    documents: list[list[Mapping[str, Any]]] = []
    for shape, resources in sorted(_by_shape(stack, statements).items()):
        for resource in resources:
            _add(documents, shape, resource)
    return documents


def _by_shape(stack: Stack, statements: Iterable[iam.PolicyStatement]) -> Mapping[Shape, list[Any]]:
    """Conditions and actions → the resources that have just these."""
    actions: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for statement in statements:
        written = stack.resolve(statement.to_statement_json())
        conditions = json.dumps(written.get("Condition", {}), sort_keys=True)
        for resource in _as_list(written["Resource"]):
            actions[conditions, json.dumps(resource)].update(_as_list(written["Action"]))
    found: defaultdict[Shape, list[Any]] = defaultdict(list)
    for (conditions, resource), allowed in sorted(actions.items()):
        found[conditions, tuple(sorted(allowed))].append(json.loads(resource))
    return found


def _add(documents: list[list[Mapping[str, Any]]], shape: Shape, resource: object) -> None:
    """Put a resource into the last document: into its last statement, or a new one; or begin a new document."""
    conditions, actions = json.loads(shape[0]), list(shape[1])
    fresh = {"Effect": "Allow", "Action": actions, "Resource": [resource]}
    if conditions:
        fresh["Condition"] = conditions
    if documents:
        *before, last = documents[-1]
        if {**last, "Resource": None} == {**fresh, "Resource": None}:
            candidate = [*before, {**last, "Resource": [*last["Resource"], resource]}]
        else:
            candidate = [*before, last, fresh]
        if size({"Version": "2012-10-17", "Statement": candidate}) <= LARGEST_POLICY:
            documents[-1] = candidate
            return
    documents.append([fresh])


def size(value: object) -> int:
    """The characters of a piece of a policy when CloudFormation has filled in what it refers to; rather too many."""
    return sum(_sizes(value))


def _sizes(value: object) -> Iterator[int]:
    match value:
        case {"Ref": name}:
            yield LONGEST.get(str(name), LONGEST_REFERENCE)
        case {"Fn::Join": [separator, parts]}:
            yield 2 + sum(size(part) - 2 * isinstance(part, str) for part in parts) + len(separator) * (len(parts) - 1)
        case {"Fn::GetAtt": _} | {"Fn::ImportValue": _} | {"Fn::Sub": _} | {"Fn::Select": _}:
            yield LONGEST_ARN
        case dict():
            yield 2 + sum(size(name) + size(one) + 2 for name, one in value.items())
        case list():
            yield 2 + sum(size(one) + 1 for one in value)
        case _:
            yield len(json.dumps(value))


def _as_list(value: Any) -> list[Any]:  # noqa: ANN401 # a piece of a policy
    return value if isinstance(value, list) else [value]
