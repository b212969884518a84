"""Puts a cloud assembly's assets into the asset bucket, as `cdk bootstrap` and `cdk deploy` would."""

import io
import zipfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from selfright.local.assembly import Asset

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

SIDE_BY_SIDE = 4
EPOCH = (1980, 1, 1, 0, 0, 0)
"""The time of every zip entry, so that equal folders give equal bytes."""


def upload(client: "S3Client", assets: Sequence[Asset]) -> int:
    """Upload missing assets (an asset's key is a digest of its content); returns how many were uploaded."""
    for bucket in sorted({asset.bucket for asset in assets}):
        _ensure_bucket(client, bucket)
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        return sum(pool.map(lambda asset: _upload_one(client, asset), assets))


def zipped(folder: Path) -> bytes:
    """Zip a folder reproducibly: the same files always give the same bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for file in sorted(path for path in folder.rglob("*") if path.is_file()):
            entry = zipfile.ZipInfo(file.relative_to(folder).as_posix(), EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = (0o755 if file.stat().st_mode & 0o100 else 0o644) << 16
            archive.writestr(entry, file.read_bytes())
    return buffer.getvalue()


def _ensure_bucket(client: "S3Client", bucket: str) -> None:
    try:
        client.head_bucket(Bucket=bucket)
    except ClientError:
        client.create_bucket(Bucket=bucket)


def _upload_one(client: "S3Client", asset: Asset) -> bool:
    try:
        client.head_object(Bucket=asset.bucket, Key=asset.key)
    except ClientError:
        body = zipped(asset.source) if asset.packaging == "zip" else asset.source.read_bytes()
        client.put_object(Bucket=asset.bucket, Key=asset.key, Body=body)
        return True
    return False
