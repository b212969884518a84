"""The hand-written script of AWS CLI commands, and the same calls from one Python process."""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.local import Aws
from benchmarks.ways.rival import Rival
from benchmarks.workload import Build
from selfright.layout import HOME, ROOT

AWS_CLI = HOME / "bench" / "bin"
HERE = Path(__file__).parent


class Script:
    """A program that takes site and code as arguments, and its target from environment variables."""

    def __init__(self, aws: Aws, name: str, command: Sequence[str]) -> None:
        self.name, self._command = name, command
        self._aws, self._endpoint = aws, aws.endpoint
        self._rival = Rival.create(aws, "".join(letter for letter in name.lower() if letter.isalnum()))
        self._versions: dict[str, str] = {}

    def reset(self) -> None:
        """Empty everything."""
        self._rival.reset()
        self._versions = {}

    def release(self, build: Build) -> float:
        """Run the script."""
        seconds = self._run(build.site, str(build.code))
        self._versions[build.version] = self._rival.version()
        return seconds

    def roll_back(self, before: Build) -> float:
        """Run the script with the kept build, and the version from before."""
        return self._run(before.site, self._versions[before.version])

    def wrong(self, build: Build) -> list[str]:
        """What is wrong with bucket and alias."""
        return self._rival.wrong(build)

    def use(self, endpoint: str) -> None:
        """Send requests to this address."""
        self._endpoint = endpoint

    def _run(self, site: Path, code: str) -> float:
        variables = {
            **os.environ,
            **self._aws.running.variables(),
            "AWS_ENDPOINT_URL": self._endpoint,
            "PATH": f"{AWS_CLI}{os.pathsep}{os.environ['PATH']}",
            "BUCKET": self._rival.bucket,
            "FUNCTION": self._rival.function,
            "DISTRIBUTION": self._rival.distribution,
        }
        started = time.monotonic()
        subprocess.run([*self._command, str(site), code], env=variables, cwd=ROOT, check=True)
        return time.monotonic() - started


def cli_script(aws: Aws) -> Script:
    """The hand-written script."""
    return Script(aws, "AWS CLI script", ["bash", str(HERE / "deploy.sh")])


def python_script(aws: Aws) -> Script:
    """The script's calls from one Python process."""
    return Script(aws, "one Python process", [sys.executable, str(HERE / "deploy.py")])
