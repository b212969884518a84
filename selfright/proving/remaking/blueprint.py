"""What the controller's stack was made from, so that it can be made anew exactly like that."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from controller.aws.client.calls import calling
from selfright.errors import AdviceError
from selfright.proving.stacks import AccountStack, is_whole

CONTROLLER = "SelfrightController"
"""The name of the controller's stack."""
GIVEN = ("Capabilities", "Tags", "RoleARN", "NotificationARNs", "TimeoutInMinutes", "EnableTerminationProtection")
"""What CloudFormation says of a stack, and takes when it is created."""
HIDDEN = "****"
"""What CloudFormation says instead of the value of a secret parameter."""


@dataclass(frozen=True)
class Blueprint:
    """The template as it was given, and everything else that `CreateStack` was given."""

    template: str
    arguments: Mapping[str, Any]

    @property
    def is_protected(self) -> bool:
        """Whether the stack is protected from being deleted."""
        return bool(self.arguments.get("EnableTerminationProtection"))

    def declared(self) -> Mapping[str, Mapping[str, Any]]:
        """Logical id → resource, of all resources; none if the template is not JSON."""
        try:
            return dict(json.loads(self.template)["Resources"])
        except ValueError:
            return {}

    def resources(self, kind: str) -> Mapping[str, Mapping[str, Any]]:
        """Those of a type."""
        return {name: one for name, one in self.declared().items() if one["Type"] == kind}


def read(stack: AccountStack) -> Blueprint:
    """The blueprint of the controller's stack.

    Raises `AdviceError` when there is none, when it is not whole, or when CloudFormation does not say all of it.
    """
    found = stack.find()
    if found is None or not is_whole(found):
        status = f"is {found['StackStatus']}" if found else "does not exist"
        raise AdviceError(f"The stack {stack.name} {status}.", "Deploy the controller: see the README.")
    with calling("cloudformation:GetTemplate", stack.name):
        body = stack.calls.get_template(StackName=stack.name, TemplateStage="Original")["TemplateBody"]
    with calling("cloudformation:GetStackPolicy", stack.name):
        policy = stack.calls.get_stack_policy(StackName=stack.name).get("StackPolicyBody")
    arguments = {name: found[name] for name in GIVEN if found.get(name)}
    arguments |= {"Parameters": [_parameter(one) for one in found.get("Parameters", [])]}
    arguments |= {"StackPolicyBody": policy} if policy else {}
    return Blueprint(body if isinstance(body, str) else json.dumps(body), {"StackName": stack.name, **arguments})


def _parameter(found: Mapping[str, str]) -> Mapping[str, str]:
    name, value = found["ParameterKey"], found["ParameterValue"]
    if value == HIDDEN:
        message = f"CloudFormation does not tell the value of the controller's parameter {name}."
        raise AdviceError(message, "It cannot be made anew from what CloudFormation has of it: leave this fact out.")
    return {"ParameterKey": name, "ParameterValue": value}
