"""What an application declares about its components: where each one runs, and what the controller may do with it.

Each kind is one class: `declaration` is its part of the environment's JSON, `privileges` says which of the
controller's functions gets which statements. Nothing else knows a kind.
"""

from bootstrap_cdk.components.component import Component, Privileges, allow
from bootstrap_cdk.components.databases import DatabaseComponent
from bootstrap_cdk.components.functions import FunctionComponent, ImageComponent
from bootstrap_cdk.components.parameters import ParametersComponent
from bootstrap_cdk.components.sites import SiteComponent
from bootstrap_cdk.components.stacks import StackComponent

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
