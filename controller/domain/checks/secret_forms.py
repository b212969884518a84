"""What a secret looks like: the words of its name, and the forms of keys and tokens.

What an application answers is hidden as soon as it begins like one (`redaction.py`); a bundle is refused only for what
is one, as far as its form can say.
"""

import re
from typing import NamedTuple

_KEPT = frozenset({
    "credential", "credentials", "passcode", "passphrase", "passwd", "password", "passwords", "passwort", "secret",
    "secrets",
})  # fmt: skip
_SHORT = frozenset({"pass", "pw", "pwd"})
"""Of a setting, only as its last word: nothing secret is in `PASS_THROUGH`."""
_SENT = frozenset({
    "auth", "authenticator", "authorization", "authorisation", "bearer", "cookie", "cookies", "csrf", "jsessionid",
    "jwt", "nonce", "otp", "phpsessid", "pin", "session", "sessionid", "sessid", "sid", "sig", "signature", "token",
    "tokens", "totp", "xsrf",
})  # fmt: skip
"""Of what an application answers; a setting with such a word (`MAX_TOKENS`, `COOKIE_DOMAIN`) is about them."""
_ENDS = ("apikey", "accesskey", "authkey", "privatekey", "secretkey", "signingkey", "sharedkey", "masterkey",
         "encryptionkey", "password", "passwd", "dbpass", "userpass", "dbpwd", "secret", "token", "credentials",
         "connectionstring")  # fmt: skip
_ABOUT = frozenset({"arn", "id", "name", "path"})
"""A setting whose name has such an end identifies a secret and does not hold it."""


class Token(NamedTuple):
    """A key or token with a beginning of its own."""

    kind: str
    """What it is, with its article."""
    marks: tuple[str, ...]
    """Its beginnings."""
    exact: str = ""
    """What follows in a real one; "" if that cannot be told from other texts."""
    like: str = "[A-Za-z0-9_-]{8,}"
    """What follows in what may be one, or a part of it."""

    @property
    def begins(self) -> str:
        """The pattern of its beginnings."""
        return "|".join(map(re.escape, self.marks))


_TOKEN = "an access token"  # noqa: S105 - what people read
AWS_KEY = "an AWS access key"
PRIVATE = "a private key"
TOKENS = (
    Token(AWS_KEY, ("AKIA", "ASIA"), r"[0-9A-Z]{16}(?<!EXAMPLE)(?![A-Za-z0-9])", "[0-9A-Z]{12,}"),
    Token(AWS_KEY, ("ABIA", "ACCA"), like="[0-9A-Z]{12,}"),
    Token(PRIVATE, ("AGE-SECRET-KEY-1",), "[0-9A-Z]{58}", "[0-9A-Z]{8,}"),
    Token(_TOKEN, ("ghp_", "gho_", "ghu_", "ghs_", "ghr_"), "[A-Za-z0-9]{36}"),
    Token(_TOKEN, ("github_pat_",), "[A-Za-z0-9]{22}_[A-Za-z0-9]{59}"),
    Token(_TOKEN, ("glpat-",), "[A-Za-z0-9_-]{20}"),
    Token(_TOKEN, ("xoxa-", "xoxb-", "xoxe-", "xoxp-", "xoxr-", "xoxs-"), "[0-9]+-[A-Za-z0-9-]{10}"),
    Token(_TOKEN, ("rk_live_", "sk_live_"), "[A-Za-z0-9]{20}"),
    Token(_TOKEN, ("sk-ant-", "sk-proj-", "sk-svcacct-"), "[A-Za-z0-9_-]{32}"),
    Token(_TOKEN, ("sk-", "sk_", "pk-", "pk_", "rk-", "rk_"), like="[A-Za-z0-9_-]{12,}"),
    Token(_TOKEN, ("npm_",), "[A-Za-z0-9]{36}"),
    Token(_TOKEN, ("pypi-AgE",), "[A-Za-z0-9_-]{50}"),
    Token(_TOKEN, ("SG.",), r"[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}", r"[A-Za-z0-9_-]{16,}(?:\.[A-Za-z0-9_-]*)?"),
    Token(_TOKEN, ("dop_v1_",), "[a-f0-9]{64}"),
    Token(_TOKEN, ("shpat_", "shpca_", "shppa_", "shpss_"), "[a-f0-9]{32}"),
    Token(_TOKEN, ("hf_",), "[A-Za-z]{34}", "[A-Za-z]{16,}"),
    Token(_TOKEN, ("whsec_",), "[A-Za-z0-9]{32}"),
    Token(
        _TOKEN, ("hooks.slack.com/services/",), "T[0-9A-Z]{8,12}/B[0-9A-Z]{8,12}/[A-Za-z0-9]{24}", "[A-Za-z0-9/]{8,}"
    ),
    Token(_TOKEN, ("AIza",)),  # pages have it, for maps
)
"""Of each, a longer beginning stands before a shorter one."""

KEY_BLOCK = "-----BEGIN [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----"
"""What a private key begins with."""

LOGIN = r"[A-Za-z][A-Za-z0-9+.-]{0,20}://[^\s/@:?#]*:(?![0-9]{1,5}(?:[/?#]|$))"
"""The beginning of an address with a password, which goes to the last `@` and may have any character; no port."""


def is_sensitive(name: str) -> bool:
    """Whether a value of this name is a secret: `access_token`, `X-Api-Key`, `login.userPassword`, `pin`."""
    words = _words(name)
    return not (_KEPT | _SHORT | _SENT).isdisjoint(words) or _has_end(words) or "".join(words).endswith("cookie")


def holds_secret(setting: str) -> bool:
    """Whether a setting of this name holds a secret, not only where it is: `DB_PASS`, but no `SECRET_ARN`."""
    words = _words(setting)
    named = not _KEPT.isdisjoint(words) or not _SHORT.isdisjoint(words[-1:]) or _has_end(words)
    return named and words[-1] not in _ABOUT


def _words(name: str) -> list[str]:
    """`dbPassword2` → db, password."""
    parts = re.split(r"[^A-Za-z0-9]+", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower())
    words = [word for word in parts if word]
    return [*words[:-1], words[-1].rstrip("123456789")] if words else []


def _has_end(words: list[str]) -> bool:
    return any("".join(words[first:]).endswith(_ENDS) for first in (-2, -1))
