"""How figures, times and commands are written for people."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

PROGRAM = "SELFRIGHT_PROGRAM"
"""The environment variable in which a wrapper such as `./dev` gives the name by which users call this program."""
COMMAND = re.compile(r"`selfright ([^`]*)`")
AWS_COMMAND = re.compile(r"`(aws [^`]*)`")
MINUTE, HOUR, DAY = 60, 3600, 86400
KILO = 1024
TRIPPED_BY: Mapping[str, str] = {
    "alarm": "the alarm",
    "judge": "the judge's verdict",
    "inconclusive": "too little evidence",
    "check": "the failed check",
    "arrival": "the step's late arrival",
    "person": "a person's request",
    "fault": "the fault",
    "reconciler": "the reconciler's finding",
}
"""The source of a trip → what tripped the deployment, in words; for every `TripSource`."""


@dataclass(frozen=True)
class Commands:
    """Makes commands that can be copied as they are: with the program's name here, and `--local` if that was used.

    `aws` is what commands of AWS's own command line need to reach the same place: the address of the local AWS. Without
    it, they would change an account of the person who copies them.
    """

    program: str = "selfright"
    local: bool = False
    aws: str = ""

    def __call__(self, words: str) -> str:
        """The command line of these words, such as `status smartpack/prod`."""
        return f"{self.program} {words}{' --local' if self.local else ''}"

    def within(self, text: str) -> str:
        """The text with every command in backticks made copyable."""
        text = COMMAND.sub(lambda found: f"`{self(found[1])}`", text)
        return AWS_COMMAND.sub(lambda found: f"`{found[1]}{self.aws}`", text)

    def said(self, text: str) -> str:
        """Text from the ledger or AWS for people: without control characters, and with commands that can be copied."""
        return self.within(clean(text))

    def within_all(self, document: Any) -> Any:  # noqa: ANN401 - JSON
        """A document of which every text has been made copyable, at any depth."""
        if isinstance(document, Mapping):
            return {key: self.within_all(value) for key, value in document.items()}
        if isinstance(document, list):
            return [self.within_all(value) for value in document]
        return self.within(document) if isinstance(document, str) else document


def program() -> str:
    """How users call this program."""
    return os.environ.get(PROGRAM, "selfright")


def clean(text: str) -> str:
    """Text from the ledger without control characters: a bundle must not control a terminal."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def duration(seconds: float | None) -> str:
    """`0.08 s`, `4.2 s`, `42 s`, `3 min 5 s`, `2 h 10 min`, `3 d 4 h`; "" for None."""
    if seconds is None:
        return ""
    if seconds < 1:
        return f"{seconds:.2f} s"
    whole = round(seconds)
    if whole < MINUTE:
        return f"{seconds:.1f} s".replace(".0 s", " s") if seconds < MINUTE / 6 else f"{whole} s"
    if whole < HOUR:
        return f"{whole // MINUTE} min {whole % MINUTE} s".removesuffix(" 0 s")
    if whole < DAY:
        return f"{whole // HOUR} h {whole % HOUR // MINUTE} min".removesuffix(" 0 min")
    return f"{whole // DAY} d {whole % DAY // HOUR} h"


def clock(seconds: float) -> str:
    """A countdown: `0:42`, `12:05`, `1:02:03`."""
    whole = max(0, round(seconds))
    hours, minutes = divmod(whole // MINUTE, MINUTE)
    return f"{hours}:{minutes:02}:{whole % MINUTE:02}" if hours else f"{minutes}:{whole % MINUTE:02}"


def ago(moment: datetime, now: datetime) -> str:
    """`just now`, `5 min ago`, `3 h ago`, `2 d ago`, and the date after a month."""
    seconds = (now - moment).total_seconds()
    if seconds < MINUTE:
        return "just now"
    for unit, size, limit in (("min", MINUTE, HOUR), ("h", HOUR, DAY), ("d", DAY, 30 * DAY)):
        if seconds < limit:
            return f"{seconds // size:.0f} {unit} ago"
    return f"{moment.astimezone():%Y-%m-%d}"


def at(moment: datetime) -> str:
    """The local time of day, `14:03:07`."""
    return f"{moment.astimezone():%H:%M:%S}"


def size(count: int) -> str:
    """`812 B`, `3.2 MB`."""
    amount, unit = float(count), "B"
    for larger in ("kB", "MB", "GB"):
        if amount < KILO:
            break
        amount, unit = amount / KILO, larger
    return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"


def percent(share: float) -> str:
    """A share of 0 to 1 as `0.4 %`."""
    return f"{100 * share:.1f} %"


def plural(count: int, noun: str) -> str:
    """`1 error`, `2 errors`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
