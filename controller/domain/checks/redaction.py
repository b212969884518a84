"""What an application answers, without its secrets: tokens, cookies and passwords never reach a reason.

They are recognised by their shape (a JWT, a key of AWS, a bearer), by the name beside them (`"token": …`, `pin=…`,
`password is …`), and, in what an application answers, by their entropy: a long mixture of letters and digits is hidden
even if it is only a hash, because nobody needs it to understand why a check failed.
"""

import math
import re
from collections import Counter

from controller.domain.printable import LINE_BYTES, MESSAGE_BYTES, said

HIDDEN = "[redacted]"
_WORDS = frozenset({
    "auth", "authenticator", "authorization", "authorisation", "bearer", "cookie", "cookies", "credential",
    "credentials", "csrf", "jsessionid", "jwt", "nonce", "otp", "pass", "passcode", "passphrase", "passwd", "password",
    "passwords", "passwort", "phpsessid", "pin", "pw", "pwd", "secret", "secrets", "session", "sessionid", "sessid",
    "sid", "sig", "signature", "token", "tokens", "totp", "xsrf",
})  # fmt: skip
_ENDS = ("apikey", "accesskey", "privatekey", "secretkey", "signingkey", "sharedkey", "masterkey", "encryptionkey",
         "password", "passwd", "secret", "token", "cookie", "credentials")  # fmt: skip
_IN_QUERIES = frozenset({"code", "key", "state"})
"""Of a login's address, for example."""
_KIND_OF_KEY = re.compile(r"(?i)\b(?:access|api|encryption|master|private|secret|shared|signing) $")
_WHOLE_LINES = frozenset({"cookie", "cookies", "authorization", "authorisation"})
"""The values of these have spaces."""
_ORDINARY = re.compile(
    r"(?:absent|disabled|empty|enabled|expired|false|incorrect|invalid|missing|must\b.*|none|not\b.*|null|refused|rejected"
    r"|required|revoked|too (?:long|short)|true|undefined|unknown|wrong)\W*",
    re.IGNORECASE,
)
"""What is said about a secret, and is none."""
_SHAPES = tuple(
    (re.compile(pattern), shown)
    for pattern, shown in (
        (r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----(?:(?!-----END)[\s\S])*(?:-----END[A-Z -]*)?", HIDDEN),
        (r"eyJ[A-Za-z0-9_-]{4,}(?:\.[A-Za-z0-9_-]*){0,4}", HIDDEN),
        (r"\b(?:AKIA|ASIA|ABIA|ACCA)[0-9A-Z]{12,}", HIDDEN),
        (r"\b(?:sk|pk|rk)[-_][A-Za-z0-9_-]{12,}", HIDDEN),
        (r"\b(?:gh[pousr]_|github_pat_|glpat-|xox[abprs]-|npm_|AIza)[A-Za-z0-9_-]{8,}", HIDDEN),
        (r"\b([A-Za-z][A-Za-z0-9+.-]{0,20}://)[^\s/@\"'<>]+@", rf"\1{HIDDEN}@"),
        (r"\b((?i:bearer|basic|digest|negotiate))(\s+)(?=[A-Za-z0-9+/=_.~-]*[0-9A-Z+/=_.~])[A-Za-z0-9+/=_.~-]{6,}",
         rf"\1\2{HIDDEN}"),
    )
)  # fmt: skip
_NAMED = re.compile(
    r"(?P<name>[A-Za-z][A-Za-z0-9_.\-]{0,60})(?P<quote>\\{0,6}[\"']?)(?P<sign>\s{0,9}(?:=>|:=|=|:|>|\bis\b)\s{0,9})"
)
_FIELD = re.compile(r"(?i)(\bname=[\"']?(?P<name>[\w.\-]{1,60})[\"']?[^<>]{0,200}?\bvalue=[\"']?)[^\"'<>\s]+")
_BEFORE = re.compile(r"(?i)(\bvalue=[\"']?)[^\"'<>\s]+([\"']?[^<>]{0,200}?\bname=[\"']?(?P<name>[\w.\-]{1,60}))")
_OPENING = re.compile(r"\\{0,6}[\"']")
_LINE = re.compile(r"[^\r\n\"]*")
_CLAUSE = re.compile(r"[^\r\n,;&<>\"'{}]*")
_ONE_WORD = re.compile(r"[^\s,;&<>\"'{}\])]*")
_LONG = re.compile(r"[A-Za-z0-9+/=_~-]{20,}")
_LEAST_ENTROPY = 3.0
"""Bits a character. Hexadecimal digits at random have almost 4, words of a language without spaces up to 4, but those
have no digits among their letters."""

_UUID = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_OF_A_REQUEST = re.compile(r"(?i)request[-_ ]?id[\"']?\s{0,3}[:=]?\s{0,3}[\"']?$")
"""What stands before a request's id, by which people find its logs."""
_NAMING = 40
_PIECE = re.compile(r"(?:[A-Z]?[a-z]{1,20}|[A-Z]{2,10})?[0-9]{0,4}")
_MOST_DIGITS = 0.2
_VOWELS = frozenset("aeiouy")


def redacted(text: str) -> str:
    """The text of an application without what is, or may be, a secret."""
    return _LONG.sub(_if_random, without_secrets(text))


def without_secrets(text: str) -> str:
    """The text without what is known to be a secret, by its shape or its name. Doing it twice changes nothing."""
    for shape, shown in _SHAPES:
        text = shape.sub(shown, text)
    text = _FIELD.sub(lambda found: f"{found[1]}{HIDDEN}" if is_sensitive(found["name"]) else found[0], text)
    text = _BEFORE.sub(lambda found: f"{found[1]}{HIDDEN}{found[2]}" if is_sensitive(found["name"]) else found[0], text)
    return _without_named(text)


def bind(record: object, *names: str, most: int = LINE_BYTES) -> None:
    """Give these texts of a frozen dataclass that is being made the form in which they may be kept.

    Whoever made them, what is kept has no secret in it, is bounded, and can be printed.
    """
    for name in names:
        if text := getattr(record, name):
            object.__setattr__(record, name, said(without_secrets(text[: 2 * MESSAGE_BYTES]), most))


def is_sensitive(name: str) -> bool:
    """Whether a value of this name is a secret: `access_token`, `X-Api-Key`, `login.userPassword`, `pin`."""
    words = [word for word in re.split(r"[^A-Za-z0-9]+", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()) if word]
    return not _WORDS.isdisjoint(words) or any(_is_end("".join(words[first:])) for first in (-2, -1))


def _is_end(word: str) -> bool:
    return word.endswith(_ENDS)


def _without_named(text: str) -> str:
    """Replace the values that have a sensitive name: `name=value`, JSON, XML, headers, and `name is value`."""
    parts, done, at = [], 0, 0
    while found := _NAMED.search(text, at):
        at = found.end("name")
        if not _names_a_secret(text, found):
            continue
        begin, end = _value(text, found)
        if end > begin and not _ORDINARY.fullmatch(text[begin:end].strip()):
            parts += [text[done:begin], HIDDEN]
            done = at = end
    return "".join([*parts, text[done:]])


def _names_a_secret(text: str, found: re.Match[str]) -> bool:
    name, before = found["name"], text[max(0, found.start() - 1) : found.start()]
    if before == "/" and found["sign"].strip() == "is":
        return False  # A path, of which something is said.
    if name.lower() in _IN_QUERIES and before and before in "?&":
        return True
    if name.lower() == "key" and _KIND_OF_KEY.search(text[max(0, found.start() - _NAMING) : found.start()]):
        return True
    escaped = before == "\\" and name[0] in "nrt"  # The end of a line within a text in JSON, not a letter of the name.
    return is_sensitive(name[1:] if escaped else name)


def _value(text: str, found: re.Match[str]) -> tuple[int, int]:
    """From where to where the value after a name goes: in quotes, in brackets, to the end of the line or the word."""
    begin = found.end()
    if opening := _OPENING.match(text, begin):
        closing = re.compile(rf"(?<!\\){re.escape(opening[0])}").search(text, opening.end())
        return opening.end(), closing.start() if closing else len(text)
    if text[begin : begin + 1] in {"[", "{"}:
        return begin, _closed(text, begin)
    is_line = not _WHOLE_LINES.isdisjoint(re.split(r"[^a-z]+", found["name"].lower()))
    is_word = "=" in found["sign"] and ">" not in found["sign"]
    pattern = _LINE if is_line and not is_word else _ONE_WORD if is_word else _CLAUSE
    value = pattern.match(text, begin)
    return begin, value.end() if value else begin


def _closed(text: str, begin: int) -> int:
    """The end of an object or a list in JSON; the end of the text if it was cut."""
    depth = 0
    for place in range(begin, len(text)):
        depth += (text[place] in "[{") - (text[place] in "]}")
        if depth == 0:
            return place + 1
    return len(text)


def _if_random(found: re.Match[str]) -> str:
    """The run of characters, or what replaces it: a path is judged part by part, base64 as a whole."""
    run = found[0]
    if _UUID.fullmatch(run) and _OF_A_REQUEST.search(found.string[max(0, found.start() - _NAMING) : found.start()]):
        return run
    is_blob = not run.startswith("/") and run.lower() != run != run.upper() and any(map(str.isdigit, run))
    if "/" in run and not is_blob:
        return "/".join(HIDDEN if _is_random(part) else part for part in run.split("/"))
    return HIDDEN if _is_random(run) else run


def _is_name(run: str) -> bool:
    """Whether it is made of words, as names of modules, hosts and functions are: `psycopg2_binary_extension`."""
    pieces = [piece for piece in re.split(r"[-_]", run) if piece]
    worded = sum(not _VOWELS.isdisjoint(piece.lower()) for piece in pieces)
    return (
        len(pieces) > 1
        and all(map(_PIECE.fullmatch, pieces))
        and 2 * worded >= len(pieces)
        and sum(map(str.isdigit, run)) <= _MOST_DIGITS * len(run)
    )


def _is_random(run: str) -> bool:
    letters = sum(one.isalpha() for one in run)
    digits = sum(one.isdigit() for one in run)
    if len(run) < 20 or not letters or not (digits or _mixes_cases(run)):  # noqa: PLR2004 - as in `_LONG`
        return False
    if _is_name(run):
        return False
    total = len(run)
    return -sum(n / total * math.log2(n / total) for n in Counter(run).values()) >= _LEAST_ENTROPY


def _mixes_cases(run: str) -> bool:
    """Whether capitals stand where no name in camel case has them."""
    return len(re.findall(r"[a-z][A-Z][A-Z0-9]|[A-Z]{2}[a-z]", run)) > 1
