"""HTTP checks: requests that a release must answer correctly, before and after visitors see it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PlainValidator

from controller.domain.checks import json_paths
from controller.domain.checks.redaction import HIDDEN, bind, redacted, without_secrets
from controller.domain.checks.requests import Request, header_lines
from controller.domain.checks.secret_forms import is_sensitive
from controller.domain.reading.written import Whole

JsonValues = Annotated[
    dict[str, Any],
    PlainValidator(json_paths.expectations, json_schema_input_type=dict[str, Any]),
    Field(alias="json"),
]
"""JMESPath expressions and what they must be in an answer; the key is `json`."""
PRESENT, ABSENT = "present", "absent"
FAILED = "the function failed with"
"""How the detail of a check begins whose function raised an error."""
READ_AT_MOST = 5 * 1024 * 1024
"""How many bytes of an answer a check reads."""
_SHOWN = 120
"""How many characters of an unexpected answer a message shows."""


class Placed(BaseModel):
    """Where a check runs: against the staged revision before any visitor sees it, from outside, or both."""

    model_config = ConfigDict(extra="forbid", frozen=True, serialize_by_alias=True)

    only: Literal["staged", "outside"] | None = None
    """`staged`: only before traffic; `outside`: only from outside. Unsaid: both."""

    @property
    def before_traffic(self) -> bool:
        """Whether it runs against the staged revision itself."""
        return self.only != "outside"

    @property
    def from_outside(self) -> bool:
        """Whether it runs like a visitor's request, after each shift and after a rollback."""
        return self.only != "staged"


class OnStagedOnly:
    """A check that is made of the staged revision itself, before any visitor gets it, and never later."""

    @property
    def before_traffic(self) -> bool:
        """Always."""
        return True

    @property
    def from_outside(self) -> bool:
        """Never."""
        return False


class Check(Placed, Request):
    """One request and the answer that it expects."""

    kind: Literal["http"] = "http"
    """`http`, which need not be written: a request and its answer."""
    status: Annotated[Whole, Field(ge=100, le=599)] = 200
    """The answer's status, 200 if unsaid. Redirects are not followed."""
    contains: Annotated[str, Field(min_length=1, max_length=4096)] | None = None
    """A text that must be in the answer: `'"ok"'`."""
    values: JsonValues = {}
    """JMESPath expressions and their values: `{"items[0].count": 2}`. What is missing is `null`."""
    header: Annotated[dict[str, str], PlainValidator(header_lines, json_schema_input_type=dict[str, str])] = {}
    """Headers of the answer and their values, or `present`, or `absent`: `{Cache-Control: no-store}`."""
    max_latency_ms: Annotated[Whole, Field(ge=1, le=20_000)] | None = None
    """The most milliseconds for the whole answer; not limited if unsaid."""


@dataclass(frozen=True)
class Answer:
    """An answer; header names are lower-case. `milliseconds` is None where visitors would measure another time."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    milliseconds: float | None = None

    @property
    def content_type(self) -> str:
        """The type without its parameters: `text/html`."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


@dataclass(frozen=True)
class CheckResult:
    """The result of a check; `detail` explains it in one sentence. Neither of its texts has a secret in it.

    With `unknown` it did not pass because nobody could be asked, which says nothing about the release.
    """

    check: str
    passed: bool
    detail: str
    unknown: bool = False

    def __post_init__(self) -> None:
        """Hide secrets, whoever made this: reasons go to the ledger, to people and into logs."""
        object.__setattr__(self, "check", without_secrets(self.check))
        bind(self, "detail")


def check_answer(check: Check, answer: Answer) -> CheckResult:
    """Compare an answer with what the check expects."""
    wrong = _wrong_answer(check, answer) or _wrong_headers(check, answer) or _too_slow(check, answer)
    return CheckResult(check.name, not wrong, wrong or f"status {answer.status}, as expected")


def check_answer_with(check: Check, others: Sequence[Check], answer: Answer) -> CheckResult:
    """The result of `check`; if it fails, that of the first of `others` that the same answer passes."""
    results = [check_answer(one, answer) for one in (check, *others)]
    return next((result for result in results if result.passed), results[0])


def is_too_slow(check: Check, answer: Answer) -> bool:
    """Whether the answer took longer than the check allows."""
    most = check.max_latency_ms
    return most is not None and answer.milliseconds is not None and answer.milliseconds > most


def _wrong_answer(check: Check, answer: Answer) -> str:
    if answer.status != check.status:
        return f"expected status {check.status}, got {answer.status}: {_excerpt(answer.body)}"
    if check.contains is not None and check.contains.encode() not in answer.body:
        return f"the answer does not contain {check.contains!r}: {_excerpt(answer.body)}"
    if check.values and (trouble := json_paths.trouble(check.values, answer.body)):
        return f"{trouble}: {_excerpt(answer.body)}"
    return ""


def _wrong_headers(check: Check, answer: Answer) -> str:
    for name, wanted in check.header.items():
        found = answer.headers.get(name)
        if wanted == ABSENT and found is not None:
            return f"the header {name} must be absent, and is {_of_header(name, found)}"
        if wanted != ABSENT and found is None:
            return f"the header {name} is missing"
        if wanted not in {ABSENT, PRESENT} and found is not None and found.strip() != wanted:
            return f"the header {name} is {_of_header(name, found)}, expected {_of_header(name, wanted)}"
    return ""


def _of_header(name: str, value: str) -> str:
    return HIDDEN if is_sensitive(name) else _excerpt(value.encode())


def _too_slow(check: Check, answer: Answer) -> str:
    if not is_too_slow(check, answer):
        return ""
    return f"the answer took {answer.milliseconds:.0f} ms, more than {check.max_latency_ms} ms"


def _excerpt(body: bytes) -> str:
    """The beginning of an answer on one line, printable."""
    text = " ".join(redacted(body[: 4 * _SHOWN].decode(errors="replace")).split())
    clean = "".join(character if character.isprintable() else "?" for character in text)
    if not clean:
        return "(empty answer)"
    return clean if len(clean) <= _SHOWN else f"{clean[:_SHOWN]}…"
