"""What an application answers, without its secrets: tokens, cookies and passwords never reach a reason.

They are recognised by their shape (a JWT, a key of AWS, a bearer), by the name beside them (`"token": …`, `pin=…`,
`password is …`), and, in what an application answers, by their entropy: a long mixture of letters and digits is hidden
even if it is only a hash, because nobody needs it to understand why a check failed.
"""

import math
import re
from collections import Counter
from collections.abc import Callable

from controller.domain.checks.secret_forms import KEY_BLOCK, LOGIN, TOKENS, is_sensitive
from controller.domain.printable import LINE_BYTES, MESSAGE_BYTES, said

HIDDEN = "[redacted]"
_IN_QUERIES = frozenset({"code", "key", "state"})
"""Of a login's address, for example."""
_KIND_OF_KEY = re.compile(r"(?i)\b(?:access|api|encryption|master|private|secret|shared|signing) $")
_WHOLE_LINES = frozenset({"cookie", "cookies", "authorization", "authorisation"})
"""The values of these have spaces."""
_ORDINARY = re.compile(
    r"(?:absent|disabled|empty|enabled|expired|false|incorrect|invalid|missing"
    r"|(?:must|not)(?:,? (?:[a-z']{1,20}|[0-9]{1,3})){0,30}|none|null"
    r"|refused|rejected|required|revoked|too (?:long|short)|true|undefined|unknown|wrong)\W{0,9}",
    re.IGNORECASE,
)
"""What is said about a secret, and is none."""
_MOST_ORDINARY = 200
"""Characters: so long may be what is said. Longer texts need not be looked at once for each name in them."""
_SHAPES = tuple(
    (re.compile(pattern), shown)
    for pattern, shown in (
        (rf"{KEY_BLOCK}(?:(?!-----END)[\s\S])*(?:-----END[A-Z0-9 -]*)?", HIDDEN),
        (r"eyJ[A-Za-z0-9_-]{4,}(?:\.[A-Za-z0-9_-]*){0,4}", HIDDEN),
        *((rf"(?<![A-Za-z0-9])(?:{token.begins}){token.like}", HIDDEN) for token in TOKENS),
        (r"\b([A-Za-z][A-Za-z0-9+.-]{0,20}://)[^\s/@\"'<>]+@", rf"\1{HIDDEN}@"),
        (r"\b((?i:bearer|basic|digest|negotiate))(\s+)(?=[A-Za-z0-9+/=_.~-]*[0-9A-Z+/=_.~])[A-Za-z0-9+/=_.~-]{6,}",
         rf"\1\2{HIDDEN}"),
    )
)  # fmt: skip
_RUN = re.compile(r"[^\s\"'<>]+")
_LOGIN = re.compile(LOGIN)
_QUOTE = r"(?:\\{0,6}(?:[\"']|u002[27])|&(?:amp;)?(?:quot|apos|#3[49]|#x2[27]);|%2[27])"
"""In JSON, in a page, and in an address."""
_NAMED = re.compile(
    rf"(?<![A-Za-z])(?P<name>[A-Za-z][A-Za-z0-9_.\-]{{0,120}}){_QUOTE}?"
    r"(?P<sign>\s{0,9}(?:=>|:=|=|:|>|%3[AaDd]|\bis\b)\s{0,9})"
)
_NAME = r"(?P<name>[A-Za-z][\w.\-]{0,60})"
_BESIDE = tuple(
    re.compile(pattern)
    for pattern in (
        # In a page's field, <input type="password" value="…">, and so in {"Name": "DB_PASSWORD", "Value": "…"} or YAML.
        (
            rf"(?i)\b[a-z]{{0,20}}(?:name|key|type|id){_QUOTE}?\s{{0,9}}[:=]\s{{0,9}}{_QUOTE}?{_NAME}(?=[\s,;\"'&%\\])"
            rf"[^<>{{}}]{{0,200}}?\b[a-z]{{0,20}}(?:value|content){_QUOTE}?\s{{0,9}}[:=]\s{{0,9}}"
        ),
        # A pair: ("password", "…"), and those of a list of pairs.
        rf"(?:\(|[\[,]\s{{0,9}}\[)\s{{0,9}}[bru]?{_QUOTE}{_NAME}{_QUOTE}\s{{0,9}},\s{{0,9}}(?=[bru]?{_QUOTE})",
        # An element: <password type="…">…, <password><![CDATA[…
        rf"<(?:[\w.\-]{{1,60}}:)?{_NAME}(?:\s[^<>]{{0,300}})?>(?:\s{{0,9}}<!\[CDATA\[)?",
        # An option: --password …
        rf"(?<![\w-])--{_NAME}[ \t]{{1,9}}(?=[^\s-])",
    )
)
"""A name that stands otherwise beside its value, which follows."""
_BEFORE = re.compile(
    rf"(?i)(?P<value>\b[a-z]{{0,20}}value{_QUOTE}?\s{{0,9}}[:=]\s{{0,9}}{_QUOTE}?)[^\"'<>\s]{{1,2000}}"
    rf"(?P<rest>{_QUOTE}?[^<>{{}}]{{0,200}}?\b[a-z]{{0,20}}(?:name|key|type|id){_QUOTE}?\s{{0,9}}[:=]\s{{0,9}}{_QUOTE}?{_NAME})"
)
_OPENING = re.compile(rf"(?:[bBfFrRuU]{{1,2}}(?=[\\\"'&%]))?(?P<quote>\"{{3}}|'{{3}}|{_QUOTE}|`)")
_BLOCK = re.compile(r"[|>][-+0-9]{0,2}[ \t]*\r?\n(?:[ \t]+[^\n]*(?:\n|$))+")
"""A text of several lines in YAML."""
_CDATA = "<![CDATA["
_ELEMENT = re.compile(r"[^<]*")
_AS_NUMBER = ("u0022", "u0027")
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
_AWS_SECRET = 40
_VOWELS = frozenset("aeiouy")


def redacted(text: str) -> str:
    """The text of an application without what is, or may be, a secret."""
    return _LONG.sub(_if_random, without_secrets(text))


def without_secrets(text: str) -> str:
    """The text without what is known to be a secret, by its shape or its name. Doing it twice changes nothing."""
    text = _RUN.sub(_without_login, text)
    for shape, shown in _SHAPES:
        text = shape.sub(shown, text)
    for pattern in _BESIDE:
        text = _without_named(text, pattern, _is_beside)
    text = _BEFORE.sub(
        lambda found: f"{found['value']}{HIDDEN}{found['rest']}" if is_sensitive(found["name"]) else found[0], text
    )
    return _without_named(text, _NAMED, _names_a_secret)


def bind(record: object, *names: str, most: int = LINE_BYTES) -> None:
    """Give these texts of a frozen dataclass that is being made the form in which they may be kept.

    Whoever made them, what is kept has no secret in it, is bounded, and can be printed.
    """
    for name in names:
        if text := getattr(record, name):
            object.__setattr__(record, name, said(without_secrets(text[: 2 * MESSAGE_BYTES]), most))


def _without_login(found: re.Match[str]) -> str:
    """The characters up to the next space, without a password in an address, which may have an @ or a slash itself."""
    run, end = found[0], found[0].rfind("@")
    if end < 0 or not (login := _LOGIN.search(run)) or login.end() >= end:
        return run
    return f"{run[: run.index('://', login.start())]}://{HIDDEN}{run[end:]}"


def _without_named(text: str, pattern: re.Pattern[str], is_secret: Callable[[str, re.Match[str]], bool]) -> str:
    """Replace the values that have a sensitive name: `name=value`, JSON, XML, headers, and `name is value`."""
    parts, done, at = [], 0, 0
    while found := pattern.search(text, at):
        at = found.end("name")
        if not is_secret(text, found):
            continue
        begin, end = _value(text, found)
        if text[begin:end].strip() and not _is_ordinary(text[begin:end]):
            parts += [text[done:begin], HIDDEN]
            done = at = end
    return "".join([*parts, text[done:]])


def _is_ordinary(value: str) -> bool:
    return len(value) <= _MOST_ORDINARY and _ORDINARY.fullmatch(value.strip()) is not None


def _is_beside(_: str, found: re.Match[str]) -> bool:
    return is_sensitive(found["name"])


def _names_a_secret(text: str, found: re.Match[str]) -> bool:
    name, before = found["name"], text[max(0, found.start() - 1) : found.start()]
    if before == "/" and found["sign"].strip() == "is":
        return False  # A path, of which something is said.
    if name.lower() in _IN_QUERIES and before and before in "?&":
        return True
    if name.lower() == "key" and _KIND_OF_KEY.search(text[max(0, found.start() - _NAMING) : found.start()]):
        return True
    if before == "\\":  # An escaped character within a text in JSON, no letter of the name.
        name = name[len(_AS_NUMBER[0]) :] if name.startswith(_AS_NUMBER) else name[1:] if name[0] in "nrt" else name
    return is_sensitive(name)


def _value(text: str, found: re.Match[str]) -> tuple[int, int]:
    """From where to where the value after a name goes: in quotes, in brackets, to the end of the line or the word."""
    begin, sign = found.end(), text[found.end("name") : found.end()].strip()
    if sign.endswith(_CDATA):
        return begin, _up_to("]]>", text, begin)
    if opening := _OPENING.match(text, begin):
        return opening.end(), _closing(text, opening)
    if text[begin : begin + 1] in {"[", "{"}:
        return begin, _closed(text, begin)
    value = _extent(text, found, sign).match(text, begin)
    return begin, value.end() if value else begin


def _extent(text: str, found: re.Match[str], sign: str) -> re.Pattern[str]:
    """How far a value without quotes goes."""
    if found[0].startswith("<"):
        return _ELEMENT
    if _BLOCK.match(text, found.end()):
        return _BLOCK
    if not sign or sign.endswith(("=", "%3D", "%3A", "%3d", "%3a")):
        return _ONE_WORD
    is_line = not _WHOLE_LINES.isdisjoint(re.split(r"[^a-z]+", found["name"].lower()))
    return _LINE if is_line else _CLAUSE


def _closing(text: str, opening: re.Match[str]) -> int:
    """Where the quote closes that was opened; a quote within may be escaped or, in YAML and SQL, doubled."""
    quote, begin, doubled = opening["quote"], opening.end(), -1
    for found in re.compile(rf"(?<!\\){re.escape(quote)}").finditer(text, begin):
        if found.start() == doubled:
            continue
        if quote != "'" or found.start() == begin or text[found.end() : found.end() + 1] != quote:
            return found.start()
        doubled = found.end()
    return len(text)


def _up_to(end: str, text: str, begin: int) -> int:
    found = text.find(end, begin)
    return found if found >= 0 else len(text)


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
    if run.startswith("/") and len(run) == _AWS_SECRET and _mixes_cases(run) and any(map(str.isdigit, run)):
        return HIDDEN  # of which one in 64 begins like a path
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
