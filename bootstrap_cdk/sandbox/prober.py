"""The code of the functions from which, and on which, facts are tried."""

CODE = """\
import json
import time
import urllib.error
import urllib.request

import boto3
import botocore


def handler(event, context):
    what = event.get("do")
    if what == "fail":
        raise RuntimeError("as asked")
    if what == "ask":
        return ask(event)
    if what == "versions":
        return {"boto3": boto3.__version__, "botocore": botocore.__version__}
    if what == "say":
        print(event["text"])
    told = {"version": context.function_version, "at": time.time()}
    return {"statusCode": 200, "body": json.dumps(told)} if "rawPath" in event else told


def ask(event):
    request = urllib.request.Request(event["url"], headers=event.get("headers", {}))
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return {"status": answer.status, "body": answer.read(2000).decode("utf-8", "replace")}
    except urllib.error.HTTPError as error:
        return {"status": error.code, "body": error.read(2000).decode("utf-8", "replace")}
    except OSError as error:
        return {"status": 0, "body": type(error).__name__}
"""
"""It fits into a template: at most 4,096 characters."""
