"""CDK constructs with which an application's own stack registers it with Selfright.

This package exports everything that applications need; its modules are not for applications:

    from selfright.cdk import DeploymentPreference, Environment, FunctionComponent

The extra `cdk` installs Node.js. If its virtual environment is not activated and no `node` is on PATH, import this
before `aws_cdk`, which starts Node.js.

Durations are strings such as `30s`, `10m`, `1h30m`.
"""

from selfright.cdk import node as _node  # noqa: F401 - first, because it names the Node.js that `aws_cdk` starts
from selfright.cdk.components.component import Component
from selfright.cdk.components.database import DatabaseComponent
from selfright.cdk.components.function import FunctionComponent
from selfright.cdk.components.image import ImageComponent
from selfright.cdk.components.missing_pages import MissingPages
from selfright.cdk.components.parameters import ParametersComponent
from selfright.cdk.components.site import SiteComponent
from selfright.cdk.components.stack import StackComponent
from selfright.cdk.components.state_machine import StateMachineComponent
from selfright.cdk.environment import Environment
from selfright.cdk.errors import DeclarationError
from selfright.cdk.judge import Judge, Limits, Synthetic
from selfright.cdk.markers import release_markers
from selfright.cdk.placeholder import PLACEHOLDER_CODE, PLACEHOLDER_CODE_NODE, PLACEHOLDER_HANDLER, PLACEHOLDER_ROUTING
from selfright.cdk.preference import DeploymentPreference, Hooks, Step
from selfright.cdk.topic import AlarmTopic, EncryptedTopic, let_alarms_publish

__all__ = [
    "PLACEHOLDER_CODE",
    "PLACEHOLDER_CODE_NODE",
    "PLACEHOLDER_HANDLER",
    "PLACEHOLDER_ROUTING",
    "AlarmTopic",
    "Component",
    "DatabaseComponent",
    "DeclarationError",
    "DeploymentPreference",
    "EncryptedTopic",
    "Environment",
    "FunctionComponent",
    "Hooks",
    "ImageComponent",
    "Judge",
    "Limits",
    "MissingPages",
    "ParametersComponent",
    "SiteComponent",
    "StackComponent",
    "StateMachineComponent",
    "Step",
    "Synthetic",
    "let_alarms_publish",
    "release_markers",
]
