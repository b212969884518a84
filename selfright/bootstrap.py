"""The controller's CDK app for users who have installed Selfright and have no clone of its repository.

    npx aws-cdk@2.1148.1 deploy SelfrightController --app "python -m selfright.bootstrap" -c notify=you@example.com

Settings are those of `./dev cdk`. The controller's Lambda package is built if the context names none
(for arm64 with `-c architecture=arm64`). The example SmartPack is left out.
"""

import json
import os
import sys

from selfright import layout

CONTEXT = "CDK_CONTEXT_JSON"
"""The environment variable in which CDK passes the values of `-c`."""


def main() -> None:
    """Synthesize the controller's stack, as CDK asks for it."""
    layout.put_first()
    from selfright import lambda_package  # noqa: PLC0415 - it imports the controller, which is on the path only now

    context = json.loads(os.environ.get(CONTEXT) or "{}")
    if "controller_package" not in context:
        runtime = lambda_package.AWS_ARM if context.get("architecture") == "arm64" else lambda_package.AWS
        package = str(lambda_package.build(runtime))
        os.environ[CONTEXT] = json.dumps({**context, "controller_package": package})
    from bootstrap_cdk import app  # noqa: PLC0415 - as above, and it takes long

    app.main(app.new_app(), sys.exit, example=False)


if __name__ == "__main__":
    main()
