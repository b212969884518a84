"""What answers before the first release, in a stack whose functions and sites belong to the releases.

Never change it: CloudFormation would put a changed one over what was released; see `ReleasedFunction` and
`RoutedSite` of SmartPack.
"""

from pathlib import Path

ROUTING = Path(__file__).with_name("placeholder_routing.js").read_text()
"""The code of a site's routing function."""
HANDLER = "index.handler"

CODE = """\
def handler(event, context):
    return {
        "statusCode": 503,
        "headers": {"content-type": "application/json", "retry-after": "60"},
        "body": '{"error": "not released yet"}',
    }
"""
