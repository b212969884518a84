"""The event check: what a queue, a topic, a schedule or a stream would send, so that a worker is tested, too."""

import json
from typing import Literal

from pydantic import BaseModel, ConfigDict

from controller.domain.checks.check import JsonValues, OnStagedOnly
from controller.domain.checks.requests import Body
from controller.domain.names import Name

Source = Literal["direct", "dynamodb", "eventbridge", "kinesis", "s3", "schedule", "sns", "sqs"]


class EventCheck(OnStagedOnly, BaseModel):
    """One event for the staged version of a function, before any visitor gets it; it must not fail.

    Nobody outside sends it, so it is sent to the staged version alone.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, serialize_by_alias=True)

    component: Name
    """The function of this release that gets the event, in its new version, before any visitor comes."""
    kind: Literal["event"]
    """`event`: one event, which must not fail."""
    source: Source
    """Who would send it; `direct`: the payload is the event itself."""
    payload: Body = None
    """What the sender gives: a message, an event's detail, a record. It is real for the code, so let it be harmless."""
    values: JsonValues = {}
    """JMESPath expressions and their values in what the function returns: `{swept: 0}`."""

    @property
    def name(self) -> str:
        """Its name in messages: `event of sqs for worker`."""
        return f"event of {self.source} for {self.component}"

    @property
    def request(self) -> tuple[object, ...]:
        """The event without the expected result."""
        return self.component, self.kind, self.source, json.dumps(self.payload, sort_keys=True)
