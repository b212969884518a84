"""The calls of `deploy.sh`, made by one Python process: `python deploy.py SITE CODE|VERSION`."""

import os
import sys
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

CONNECTIONS = 10
"""The number that the AWS CLI uses."""


def sync(s3: "S3Client", site: Path, bucket: str) -> None:
    """Do the same as `aws s3 sync --delete`: upload files that are new, newer, or of another size; delete the rest."""
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
    existing = {one["Key"]: (one["Size"], one["LastModified"].timestamp()) for page in pages for one in page.get("Contents", [])}  # fmt: skip # noqa: E501
    files = {str(path.relative_to(site)): path for path in site.rglob("*") if path.is_file()}

    def upload(key: str) -> None:
        s3.put_object(Bucket=bucket, Key=key, Body=files[key].read_bytes())

    with ThreadPoolExecutor(CONNECTIONS) as pool:
        list(pool.map(upload, _newer(files, existing)))
        list(pool.map(lambda key: s3.delete_object(Bucket=bucket, Key=key), existing.keys() - files.keys()))


def _newer(files: dict[str, Path], existing: dict[str, tuple[int, float]]) -> Iterator[str]:
    for key, path in files.items():
        status = path.stat()
        size, time = existing.get(key, (-1, 0.0))
        if status.st_size != size or status.st_mtime > time:
            yield key


def main(site: Path, code: str) -> None:
    """Release, or roll back."""
    config = Config(max_pool_connections=CONNECTIONS)
    functions, routing = boto3.client("lambda", config=config), boto3.client("cloudfront", config=config)
    sync(boto3.client("s3", config=config), site, os.environ["BUCKET"])
    name, version = os.environ["FUNCTION"], code
    if code.endswith(".zip"):
        functions.update_function_code(FunctionName=name, ZipFile=Path(code).read_bytes())
        version = functions.publish_version(FunctionName=name)["Version"]
    functions.update_alias(FunctionName=name, Name="live", FunctionVersion=version)
    batch = {"Paths": {"Quantity": 1, "Items": ["/*"]}, "CallerReference": uuid.uuid4().hex}
    routing.create_invalidation(DistributionId=os.environ["DISTRIBUTION"], InvalidationBatch=cast("Any", batch))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
