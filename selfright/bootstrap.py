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
    context = json.loads(os.environ.get(CONTEXT) or "{}")
    if "controller_package" not in context:
        package = _package(context.get("architecture", "x86_64"))
        os.environ[CONTEXT] = json.dumps({**context, "controller_package": package})
    from bootstrap_cdk import app  # noqa: PLC0415 - the controller is on the path only now, and it takes long

    app.main(app.new_app(), sys.exit, example=False)


def _package(architecture: str) -> str:
    """Build the Lambda package for this architecture; the folder. A failure ends the program with what to do."""
    from controller.errors import SelfrightError  # noqa: PLC0415 - the controller is on the path only now
    from selfright import lambda_package  # noqa: PLC0415 - as above

    runtimes = {"x86_64": lambda_package.AWS, "arm64": lambda_package.AWS_ARM}
    if architecture not in runtimes:
        sys.exit(f"The architecture '{architecture}' is unknown: use one of {', '.join(runtimes)}.")
    try:
        package = lambda_package.build(runtimes[architecture])
        sys.stderr.write(lambda_package.advice(package, runtimes[architecture]))
        return str(package)
    except SelfrightError as error:
        sys.exit(str(error))
    except OSError as error:
        sys.exit(f"The Lambda package cannot be written: {error}. Set XDG_CACHE_HOME to a folder that can be.")


if __name__ == "__main__":
    main()
