"""Recognises secrets: settings by their name or value, files by what is in them."""

import re

_WORDS = {"credential", "credentials", "passphrase", "passwd", "password", "secret", "secrets"}
_ENDS = ("api_key", "apikey", "private_key", "access_key", "_token")
_NAMES = ("_arn", "_id", "_name", "_path")
"""A name with such an end identifies a secret and does not hold it."""
_VALUE = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----|\b(AKIA|ASIA)[0-9A-Z]{16}\b|\bsk-[A-Za-z0-9_-]{20,}|://[^/\s:@]+:[^/\s@]+@"
)


def looks_secret(name: str, value: str) -> bool:
    """Whether a setting looks like a secret: by a word or the end of its name, or by a value of a known form."""
    words = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name).lower().replace("-", "_").replace(".", "_")
    named = not _WORDS.isdisjoint(words.split("_")) or f"_{words}".endswith(_ENDS)
    return (named and not words.endswith(_NAMES)) or bool(_VALUE.search(value))


_TOKEN_MARKS = (
    *(b"ghp_", b"gho_", b"ghu_", b"ghs_", b"ghr_", b"github_pat_", b"glpat-", b"k_live_", b"npm_", b"pypi-AgE"),
    *(b"xoxa-", b"xoxb-", b"xoxe-", b"xoxp-", b"xoxr-", b"xoxs-", b"sk-ant-", b"sk-proj-", b"sk-svcacct-"),
    *(b"dop_v1_", b"shpat_", b"shpca_", b"shppa_", b"shpss_", b"hf_", b"SG."),
)
_FORMS: tuple[tuple[str, tuple[bytes, ...], re.Pattern[bytes]], ...] = (
    (
        "a private key",
        (b"PRIVATE KEY", b"AGE-SECRET-KEY-1", b"PuTTY-User-Key-File-"),
        # What follows tells a key from a program that only knows what keys begin with.
        re.compile(
            rb"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----(?:\s|\\[nr])+[A-Za-z0-9+/]{4}"
            rb"|AGE-SECRET-KEY-1[0-9A-Z]{58}|PuTTY-User-Key-File-[0-9]"
        ),
    ),
    (
        "an AWS access key",
        (b"AKIA", b"ASIA", b"aws_secret_access_key"),
        re.compile(
            rb"(?<![A-Za-z0-9/+])(?:AKIA|ASIA)[0-9A-Z]{16}(?<!EXAMPLE)(?![A-Za-z0-9])"
            rb"|aws_secret_access_key[\"']?\s*[=:]\s*[\"']?[A-Za-z0-9/+]{40}(?<!EXAMPLEKEY)"
        ),
    ),
    (
        "an access token",
        _TOKEN_MARKS,
        re.compile(
            rb"(?<![A-Za-z0-9_-])(?:gh[opsur]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}"
            rb"|glpat-[A-Za-z0-9_-]{20}|xox[abeprs]-[0-9]+-[A-Za-z0-9-]{10}|[rs]k_live_[A-Za-z0-9]{20}"
            rb"|npm_[A-Za-z0-9]{36}|pypi-AgE[A-Za-z0-9_-]{50}|SG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}"
            rb"|sk-(?:ant|proj|svcacct)-[A-Za-z0-9_-]{32}|dop_v1_[a-f0-9]{64}|shp(?:at|ca|pa|ss)_[a-f0-9]{32}"
            rb"|hf_[A-Za-z]{34})"
        ),
    ),
    ("a list of passwords", (b":$",), re.compile(rb"^[^:\s]{1,99}:\$(?:apr1|2[abxy]|5|6|argon2id?)\$", re.MULTILINE)),
    ("a state of Terraform", (b'"terraform_version"',), re.compile(rb'"terraform_version"[^{}\[\]]*"lineage"')),
)
"""What it is, bytes of which every one has one (they are found much faster), and its form."""


_LEAST, _VARIETY = 12, 2
"""The last characters of a key, and how many different ones stand for none."""
_ROWS = (b"1234567890", b"0123456789", b"abcdefghij")


def secret_in(data: bytes) -> str:
    """What kind of secret a file's contents have, with its article; "" when none is recognised."""
    for kind, marks, form in _FORMS:
        if any(mark in data for mark in marks) and any(not _is_example(found[0]) for found in form.finditer(data)):
            return kind
    return ""


def _is_example(found: bytes) -> bool:
    """Whether it is one that manuals show: `AKIAXXXXXXXXXXXXXXXX`, `ghp_1234567890abcdefghij…`."""
    shown = found.lower()
    return len(set(shown[-_LEAST:])) <= _VARIETY or any(row in shown for row in _ROWS)
