"""`cdk deploy` by the real CLI: a function with an alias, and the site's files as an asset."""

import json
import os
import shutil
import subprocess
import sys
import time

from benchmarks.local import Aws
from benchmarks.ways.endstate import empty, wrong_version
from benchmarks.workload import Build
from selfright.layout import HOME, ROOT
from selfright.local.place import ACCOUNT
from selfright.local_state import REGION

CLI = "aws-cdk@2.1148.1"
STACK, FUNCTION, ALIAS = "BenchCdk", "bench-cdk-api", "live"
MISSING = f"`cdk deploy` is left out: {CLI} is not on this machine; `npx --yes {CLI} --version` fetches it"
OUTPUT = HOME / "bench-cdk.out"


def available() -> bool:
    """Whether the CLI is on this machine; this does not fetch it."""
    try:
        command = ["npx", "--no-install", CLI, "--version"]
        return subprocess.run(command, capture_output=True, timeout=60, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


class CdkDeploy:
    """Deploys the stack in `cdk_app.py`; the rollback is a deployment of the kept build."""

    name = "cdk deploy"

    def __init__(self, aws: Aws) -> None:
        self._aws, self._endpoint = aws, aws.endpoint

    def reset(self) -> None:
        """Delete the stack, its assets, and the CLI's packages."""
        formation = self._aws.client("cloudformation")
        formation.delete_stack(StackName=STACK)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and _exists(formation):
            time.sleep(0.1)
        empty(self._aws, f"cdk-hnb659fds-assets-{ACCOUNT}-{REGION}")
        shutil.rmtree(OUTPUT, ignore_errors=True)

    def release(self, build: Build) -> float:
        """Run `cdk deploy`."""
        started = time.monotonic()
        options = ["--require-approval", "never", "--output", str(OUTPUT), "--ci", "--progress", "events"]
        app = f"{sys.executable} -m benchmarks.ways.cdk_app"
        done = subprocess.run(
            ["npx", "--no-install", CLI, "deploy", STACK, "--app", app, *options],
            env=self._variables(build), cwd=ROOT, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"cdk deploy failed:\n{done.stderr[-2000:]}")
        return time.monotonic() - started

    def roll_back(self, before: Build) -> float:
        """Deploy the build that was live before."""
        return self.release(before)

    def wrong(self, build: Build) -> list[str]:
        """What is wrong with the alias."""
        return list(wrong_version(self._aws, FUNCTION, ALIAS, build))

    def use(self, endpoint: str) -> None:
        """Send requests to this address."""
        self._endpoint = endpoint

    def _variables(self, build: Build) -> dict[str, str]:
        choices = {"code": str(build.code), "site": str(build.site)}
        return {
            **os.environ,
            **self._aws.running.variables(),
            "AWS_ENDPOINT_URL": self._endpoint,
            "CDK_DISABLE_VERSION_CHECK": "1",
            "BENCH_BUILD": json.dumps(choices),
        }


def _exists(formation: object) -> bool:
    try:
        stacks = formation.describe_stacks(StackName=STACK)["Stacks"]  # type: ignore[attr-defined]
    except Exception:  # noqa: BLE001 - it is gone
        return False
    return any(stack["StackStatus"] != "DELETE_COMPLETE" for stack in stacks)
