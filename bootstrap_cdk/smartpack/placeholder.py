"""What answers before the first release. Never change it: see `ReleasedFunction`."""

HANDLER = "index.handler"

CODE = """\
def handler(event, context):
    return {
        "statusCode": 503,
        "headers": {"content-type": "application/json", "retry-after": "60"},
        "body": '{"error": "not released yet"}',
    }
"""
