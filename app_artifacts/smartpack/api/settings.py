"""Settings that can be changed without changing code: SSM parameters of the release (`settings.yaml`).

The variable SETTINGS_PREFIX says where they are: `<prefix>/current` names the revision, and below
`<prefix>/revisions/<revision>/` are its values. They are read at the first request and again after a minute, so a
release or a rollback takes effect by then. Without a revision or without the variable, the defaults apply; if SSM
cannot be read, the values that were read last do.
"""

import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient

MEMORY_SECONDS = 60
NOTHING = "none"
"""The value of the pointer after the first release was rolled back."""

Read = Callable[[], Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Settings:
    """The longest trip, in days, and for how many days to carry clothes when they can be washed on the way."""

    max_days: int = 60
    wash_after_days: int = 5

    @classmethod
    def from_parameters(cls, values: Mapping[str, str]) -> "Settings":
        """Read texts as SSM has them; `ValueError` when one is not a positive whole number. Others are ignored."""
        known = {"MAX_DAYS": "max_days", "WASH_AFTER_DAYS": "wash_after_days"}
        given = {known[name]: int(value) for name, value in values.items() if name in known}
        if wrong := [name for name, value in given.items() if value < 1]:
            raise ValueError(f"{wrong[0]} must be at least 1")
        return cls(**given)


class Remembered:
    """Settings that are read again when they are a minute old."""

    def __init__(self, read: Read, clock: Callable[[], float] = time.monotonic) -> None:
        self._read, self._clock = read, clock
        self._settings, self._until = Settings(), float("-inf")

    def __call__(self) -> Settings:
        """Return the settings; never fails, because a list by yesterday's settings is better than none."""
        if self._clock() >= self._until:
            self._until = self._clock() + MEMORY_SECONDS
            try:
                self._settings = Settings.from_parameters(self._read())
            except Exception as error:  # noqa: BLE001 - whatever SSM or the network may raise
                _warn(error)
        return self._settings


@cache
def _client() -> "SSMClient":
    """SSM's client: made once, so that the connection is used again."""
    import boto3  # noqa: PLC0415 - Lambda has it; a machine without AWS may not
    from botocore.config import Config  # noqa: PLC0415

    patience = Config(
        connect_timeout=1, read_timeout=2, tcp_keepalive=True, retries={"mode": "standard", "total_max_attempts": 2}
    )
    return boto3.client("ssm", config=patience)


def read_parameters() -> Mapping[str, str]:
    """Read the revision that is live now; nothing if there is none, or if SETTINGS_PREFIX is missing."""
    prefix = os.environ.get("SETTINGS_PREFIX")
    if not prefix:
        return {}
    ssm = _client()
    try:
        revision = ssm.get_parameter(Name=f"{prefix}/current")["Parameter"]["Value"]
    except ssm.exceptions.ParameterNotFound:
        return {}
    if revision == NOTHING:
        return {}
    pages = ssm.get_paginator("get_parameters_by_path").paginate(Path=f"{prefix}/revisions/{revision}")
    return {one["Name"].rpartition("/")[2]: one["Value"] for page in pages for one in page["Parameters"]}


settings = Remembered(read_parameters)


def _warn(error: Exception) -> None:
    line = {"level": "WARNING", "message": "settings could not be read", "error": type(error).__name__}
    sys.stdout.write(json.dumps(line) + "\n")
