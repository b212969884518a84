"""Compares the end state, which visitors would get, object by object and version by version."""

import base64
import hashlib
from collections.abc import Iterator, Mapping

from benchmarks.local import Aws
from benchmarks.workload import Build


def objects(aws: Aws, bucket: str) -> dict[str, str]:
    """Key → ETag (MD5 in hex) of everything in a bucket."""
    pages = aws.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
    return {one["Key"]: one["ETag"].strip('"') for page in pages for one in page.get("Contents", [])}


def differences(found: Mapping[str, str], expected: Mapping[str, str]) -> Iterator[str]:
    """The expected objects that are missing or have other contents."""
    for key, md5 in expected.items():
        if key not in found:
            yield f"{key} is missing"
        elif found[key] != md5:
            yield f"{key} has other contents"


def wrong_version(aws: Aws, function: str, alias: str, build: Build) -> Iterator[str]:
    """What is wrong with an alias that should send all visitors to the build's code."""
    live = aws.functions.get_alias(FunctionName=function, Name=alias)
    if weights := live.get("RoutingConfig", {}).get("AdditionalVersionWeights"):
        yield f"the alias still sends some visitors to {', '.join(weights)}"
    code = aws.functions.get_function_configuration(FunctionName=function, Qualifier=live["FunctionVersion"])
    if code["CodeSha256"] != base64.b64encode(hashlib.sha256(build.code.read_bytes()).digest()).decode():
        yield f"version {live['FunctionVersion']} of {function} has other code"


def empty(aws: Aws, bucket: str) -> None:
    """Delete every object of a bucket."""
    keys = list(objects(aws, bucket))
    for start in range(0, len(keys), 1000):
        doomed = [{"Key": key} for key in keys[start : start + 1000]]
        aws.s3.delete_objects(Bucket=bucket, Delete={"Objects": doomed})  # type: ignore[typeddict-item]
