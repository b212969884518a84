"""What an application declares about its components: where each one runs, and what the controller may do with it.

Each kind is one class: `declaration` is its part of the environment's JSON, `privileges` says which of the
controller's functions gets which statements. Nothing else knows a kind.
"""

from selfright.cdk.components.component import Component, Privileges, allow
from selfright.cdk.components.database import DatabaseComponent
from selfright.cdk.components.function import FunctionComponent, ImageComponent
from selfright.cdk.components.parameters import ParametersComponent
from selfright.cdk.components.site import SiteComponent
from selfright.cdk.components.stack import StackComponent

__all__ = [
    "Component",
    "DatabaseComponent",
    "FunctionComponent",
    "ImageComponent",
    "ParametersComponent",
    "Privileges",
    "SiteComponent",
    "StackComponent",
    "allow",
]
