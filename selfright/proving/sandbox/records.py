"""What the controller keeps about the sandbox: it goes when the environment is no longer registered."""

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from controller.aws.ledger.table import environment_pk
from controller.domain.identity import INCOMING
from controller.domain.restore_point import CODE, PREFIX
from selfright.account.account import Account
from selfright.account.rolling_back import start_rollback
from selfright.errors import AdviceError
from selfright.proving.facts.alarms import GUARD
from selfright.proving.names import APPLICATION, KEY
from selfright.proving.releases.sources import digests
from selfright.proving.sandbox.objects import delete_objects
from selfright.proving.scene import RunClock

PATIENCE = 1200.0
PAUSE = 2.0
SETTLING = 60.0
"""Seconds in which an upload becomes a deployment, and a deployment that is over is told."""
MOST = 100
"""Deployments: a run makes three, and what is left by runs that were killed."""


class Records:
    """The deployments of the sandbox in one controller's ledger and bucket."""

    def __init__(self, account: Account, client: Callable[[str], Any], clock: RunClock) -> None:
        """`client` makes boto3's clients."""
        self._account, self._client, self._clock = account, client, clock

    def end(self) -> None:
        """Roll back what is still on its way, and wait until everything is over and told.

        Raises `AdviceError` after twenty minutes: an environment is not taken away from a deployment.
        """
        start, asked = self._clock.now(), ""
        while not self._is_quiet(self._clock.now() - start):
            under_way = self._account.ledger.status(KEY).on_its_way
            if under_way and under_way.deployment_id != asked:
                asked = under_way.deployment_id
                start_rollback(self._account, asked, "`selfright prove` was stopped")
            if self._clock.now() - start > PATIENCE:
                message = f"The sandbox's deployment {asked} is not over after twenty minutes, so nothing was deleted."
                raise AdviceError(message, "`selfright show` says what it does; then run `selfright prove --clean`.")
            self._clock.sleep(PAUSE)

    def _is_quiet(self, waited: float) -> bool:
        """Whether nothing is on its way; an upload without a deployment may still become one."""
        known = self._account.ledger.history(KEY, MOST)
        status = self._account.ledger.status(KEY)
        if status.on_its_way or status.waiting:
            return False
        if waited > SETTLING:
            return True
        return self._uploads() <= len(known) and all(one.is_told for one in known)

    def _uploads(self) -> int:
        pages = self._client("s3").get_paginator("list_object_versions")
        found = pages.paginate(Bucket=self._account.resources.bucket, Prefix=f"{INCOMING}{APPLICATION}/")
        return sum(len(page.get("Versions", [])) for page in found)

    def delete(self) -> list[str]:
        """Delete uploads, restore points, staged code and records; returns what was deleted, in words."""
        bucket, s3 = self._account.resources.bucket, self._client("s3")
        with tempfile.TemporaryDirectory(prefix="selfright-prove-") as folder:
            codes = digests(Path(folder))
        prefixes = [f"{INCOMING}{APPLICATION}/", f"{PREFIX}{APPLICATION}/"]
        prefixes += [f"{place}{digest}.zip" for digest in codes for place in ("staging/", CODE)]
        objects = sum(delete_objects(s3, bucket, prefix) for prefix in prefixes)
        items = self._forget()
        return [f"{count} {what}" for what, count in (("objects", objects), ("records", items)) if count]

    def _forget(self) -> int:
        """Delete the items of the ledger that are about the sandbox."""
        dynamodb, table = self._client("dynamodb"), self._account.resources.table
        keys = [key for partition in self._partitions() for key in self._keys(dynamodb, table, partition)]
        for key in keys:
            dynamodb.delete_item(TableName=table, Key=key)
        return len(keys)

    def _partitions(self) -> Iterator[str]:
        found = self._account.ledger.history(KEY, MOST)
        yield from (f"DEPLOYMENT#{one.deployment_id}" for one in found)
        yield environment_pk(KEY)
        yield f"ALARM#{GUARD}"

    def _keys(self, dynamodb: Any, table: str, partition: str) -> Iterator[dict[str, Any]]:  # noqa: ANN401
        pages = dynamodb.get_paginator("query").paginate(
            TableName=table,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": {"S": partition}},
            ProjectionExpression="pk, sk",
            ConsistentRead=True,
        )
        yield from ({"pk": one["pk"], "sk": one["sk"]} for page in pages for one in page["Items"])
