"""Deletes objects of a bucket, with all their versions."""

from itertools import islice
from typing import Any

AT_ONCE = 1000
"""S3 deletes at most so many objects at once."""


def delete_objects(s3: Any, bucket: str, prefix: str) -> int:  # noqa: ANN401 - boto3's client
    """Delete everything below a prefix; returns how many versions and markers that were."""
    pages = s3.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=prefix)
    found = iter(
        [
            {"Key": one["Key"], "VersionId": one["VersionId"]}
            for page in pages
            for one in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        ]
    )
    count = 0
    while several := list(islice(found, AT_ONCE)):
        s3.delete_objects(Bucket=bucket, Delete={"Objects": several, "Quiet": True})
        count += len(several)
    return count
