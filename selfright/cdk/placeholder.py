"""Code that answers before the first release, for functions and sites that belong to the releases.

Never change it: CloudFormation would replace released code with the changed placeholder.
"""

from pathlib import Path

PLACEHOLDER_ROUTING = Path(__file__).with_name("placeholder_routing.js").read_text(encoding="utf-8")
"""The code of a site's routing function (`FunctionCode.from_inline`); it answers 503."""

PLACEHOLDER_HANDLER = "index.handler"
"""The handler of `PLACEHOLDER_CODE` and of `PLACEHOLDER_CODE_NODE`."""

PLACEHOLDER_CODE = """\
def handler(event, context):
    return {
        "statusCode": 503,
        "headers": {"content-type": "application/json", "retry-after": "60"},
        "body": '{"error": "not released yet"}',
    }
"""
"""The code of a Python function (`Code.from_inline`); it answers 503."""

PLACEHOLDER_CODE_NODE = """\
exports.handler = async () => ({
  statusCode: 503,
  headers: { "content-type": "application/json", "retry-after": "60" },
  body: '{"error": "not released yet"}',
});
"""
"""The same for a function whose runtime is Node.js."""
