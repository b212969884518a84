"""The settings that a Lambda function of the controller reads from its environment variables."""

import os
from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict


class Settings(BaseModel):
    """The controller's own resources, by name; empty where this function does not use one.

    `deploy_roles` is the ARN of the environments' deploy roles, with a `*` where they differ. Without it, nothing is
    assumed: what a person runs works with the person's rights.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    function: str = ""
    table: str = ""
    bucket: str = ""
    rollback_machine_arn: str = ""
    deploy_machine_arn: str = ""
    notifications_topic_arn: str = ""
    on_alarm_function: str = ""
    deploy_roles: str = ""


def load(variables: Mapping[str, str] = os.environ) -> Settings:
    """The settings from variables named `SELFRIGHT_<SETTING>`; unknown ones are ignored."""
    known = {name: variables.get(f"SELFRIGHT_{name.upper()}", "") for name in Settings.model_fields}
    return Settings.model_validate(known)
