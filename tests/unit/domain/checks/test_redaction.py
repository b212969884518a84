"""What an application answers, without its secrets."""

import json
import time

import pytest

from controller.domain.checks.check import Answer, Check, CheckResult, check_answer
from controller.domain.checks.redaction import HIDDEN, redacted, without_secrets
from controller.domain.checks.secret_forms import is_sensitive

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abcDEF"
PLANTED = {
    "a JWT": (f"hello {JWT}", JWT),
    "a JWT that was cut": ("hello eyJhbGciOiJIUzI1", "eyJhbGciOiJIUzI1"),
    "a bearer": ("sent Bearer abc.def-123", "abc.def-123"),
    "basic": ("sent Basic dXNlcjpwYXNz", "dXNlcjpwYXNz"),
    "a key of AWS": ("key AKIAIOSFODNN7EXAMPLE", "AKIAIOSFODNN7EXAMPLE"),
    "a secret key of AWS": ("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "K7MDENG"),
    "a key of a shop": ("sk_live_0123456789abcdef", "0123456789"),
    "a key of a forge": ("ghp_0123456789abcdef", "0123456789"),
    "a private key": ("-----BEGIN RSA PRIVATE KEY-----\nMIIEabc\n-----END RSA PRIVATE KEY-----", "MIIEabc"),
    "a password in an address": ("at postgres://app:hunter2@db/x", "hunter2"),
    "in JSON": ('{"access_token": "abc"}', "abc"),
    "in JSON, cut": ('{"refreshToken": "rt-01234', "rt-01234"),
    "in JSON in JSON": (r'{"body": "{\"token\": \"abc\"}"}', "abc"),
    "after an escaped end of a line": (r'{"body": "ok\npin: 1234"}', "1234"),
    "a number": ('{"pin": 1234, "x": 1}', "1234"),
    "a list": ('{"tokens": ["abc", {"x": "def"}], "y": 1}', "def"),
    "in Python": ("{'password': 'abc'}", "abc"),
    "in a form": ("user=smoke&pass=hunter2&next=/", "hunter2"),
    "in a sentence": ("the password is correct horse battery", "horse"),
    "with an arrow": ("token => hunter2", "hunter2"),
    "in YAML": ("user: smoke\npasscode: hunter2", "hunter2"),
    "in XML": ("<password>hunter 2</password>", "hunter 2"),
    "in a page": ('<input type=hidden name="csrf_token" value="abc">', "abc"),
    "in a page, the other way": ('<input value="abc" name="csrf_token">', "abc"),
    "a cookie": ("set-cookie: session=planted-cookie; Path=/", "planted-cookie"),
    "a session": ("JSESSIONID=abc; Path=/", "abc"),
    "a header in JSON": ('{"headers": {"X-Api-Key": "abc"}}', "abc"),
    "a code in a query": ("to https://example.com/cb?code=4/0AX4-x&state=q1", "0AX4"),
    "the state in a query": ("to https://example.com/cb?code=4/0AX4-x&state=q1", "q1"),
    "a kind of key": ("the API key: abc-1 was sent", "abc-1"),
    "a short name": ('{"pw": "abc"}', "abc"),
    "a query": ("to https://example.com/cb?sig=abc&x=1", "abc"),
    "a session without a name": ("welcome 9f86d081884c7d659a2feaa0c55ad015", "9f86d081"),
    "an identifier without a name": ("welcome 3f2504e0-4f89-41d3-9a0c-0305e82c3301", "3f2504e0"),
    "pieces without a name": ("welcome kx7w-pq2m-zr9t-vb4n-ht6c", "kx7w"),
    "in a page's JSON": ('<div data-props="{&quot;apiToken&quot;:&quot;hunter2&quot;}">', "hunter2"),
    "in JSON with numbers of characters": (r"{\u0022pin\u0022:\u0022hunter2\u0022}", "hunter2"),
    "in an encoded address": ("to /x?y=%7B%22token%22%3A%22hunter2%22%7D", "hunter2"),
    "encoded": ("token%3Dhunter2", "hunter2"),
    "in a list of names and values": ('{"Name":"DB_PASSWORD","Type":"text","Value":"hunter2"}', "hunter2"),
    "in a list of values and names": ('{"value": "hunter2", "name": "DB_PASSWORD"}', "hunter2"),
    "in a parameter of a stack": ('"ParameterKey": "DbPassword", "ParameterValue": "hunter2"', "hunter2"),
    "in YAML of an environment": ("- name: DB_PASSWORD\n  value: hunter2\n", "hunter2"),
    "in YAML, on lines of its own": ("password: |\n  hunter2\n  more\nuser: ann", "more"),
    "in SQL": ("password: 'a''hunter2'", "hunter2"),
    "in a field": ('<input type="password" value="hunter2">', "hunter2"),
    "in a page's head": ('<meta name="csrf-token" content="hunter2">', "hunter2"),
    "in a pair": ("[('user', 'ann'), ('password', 'hunter2')]", "hunter2"),
    "in a list of pairs": ('[["user","ann"], ["authorization","hunter2"]]', "hunter2"),
    "in bytes": ("{'token': b'hunter2 x'}", "hunter2"),
    "in bytes, by its name": ("token=b'hunter2 x'", "hunter2"),
    "in three quotes": ('password="""hunter2 x"""', "hunter2"),
    "in an element with attributes": ('<ns:password type="x">hunter2, x</ns:password>', "hunter2"),
    "in a part that is not markup": ("<password><![CDATA[hunter2 < x]]></password>", "hunter2"),
    "of a program": ("run migrate --db-password hunter2", "hunter2"),
    "in an address, with an @": ("at postgres://ann:p@hunter2@db/x", "hunter2"),
    "in an address, with a slash": ("at postgres://ann:p/hunter2@db/x", "hunter2"),
    "in an address without a user": ("at redis://:hunter2@cache", "hunter2"),
    "a key of PGP": ("-----BEGIN PGP PRIVATE KEY BLOCK-----\nlQOYhunter2", "hunter2"),
    "a secret key that begins like a path": ("is /JalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "bPxRfi"),
    "what is only like a remark": ('"password": "not-so hunter2"', "hunter2"),
    "what begins like a remark": ("token: must hunter2", "hunter2"),
    "a webhook": ("whsec_4eC39HqLyjWD", "4eC39"),
    "random letters without a name": ("welcome q7Zp-L0xWvT_93kdBnRyUa", "q7Zp"),
}


@pytest.mark.parametrize(("text", "secret"), PLANTED.values(), ids=PLANTED)
def test_what_looks_like_a_secret_is_hidden(text: str, secret: str) -> None:
    """By its shape, by the name beside it, or because it looks random; doing it twice changes nothing."""
    clean = redacted(text)
    assert secret not in clean
    assert HIDDEN in clean
    assert redacted(clean) == clean


@pytest.mark.parametrize(
    "text",
    [
        "expected status 200, got 502: Internal server error",
        "password is required",
        '{"token": null, "ok": false}',
        "Basic authentication failed",
        "the session expired",
        "a token was refused",
        "compass: north; passengers: 3; spinner=on",
        "/assets/index-DkF92kdl.js has status 404",
        "/auth is text/html and used as a script",
        "InternalServerErrorException in the_name_of_a_function",
        "exit code=1, state=ready, key=title",
        "No module named 'psycopg2_binary_extension_v2'",
        "no answer from smartpack-prod-database-proxy-2.internal",
        "RequestId: 3f2504e0-4f89-41d3-9a0c-0305e82c3301 Error: Runtime exited with error: exit status 1",
        'items[0].name is null, expected "Towel": {"items": []}',
        '{"password": "must be at least 8 characters, and not empty"}',
        '{"errors": {"token": "not valid for this address"}}',
        'required: ["email", "password", "name"]',
        "('body', 'password', 'missing')",
        '<input type="text" name="city" value="Bern">',
        '{"name": "region", "value": "eu-central-1"}',
        "unexpected token < in JSON at position 0",
        "<session> expired",
        "https://example.com:8443/users/@ann",
        "see https://example.com/a?mail=ann@example.org",
        "the option --verbose is unknown",
        "No module named 'hf_transfer'",
        "/Users/ann/projects/shop/node_modules/webpack/index",
    ],
)  # fmt: skip
def test_what_explains_a_failure_stays(text: str) -> None:
    """A reason that says nothing helps nobody."""
    assert redacted(text) == text


@pytest.mark.parametrize(
    ("name", "sensitive"),
    [("X-Api-Key", True), ("login.userPassword", True), ("sessionId", True), ("compass", False), ("key", False)],
)
def test_a_name_says_what_it_holds(name: str, sensitive: bool) -> None:
    """Words count, not letters: `compass` holds no pass."""
    assert is_sensitive(name) is sensitive


def test_a_digest_in_a_files_name_stays_where_no_answer_is_quoted() -> None:
    """The names of a site's files are public, and say what is missing."""
    name = "/chunks/9f86d081884c7d659a2feaa0c55ad015.js has status 404"
    assert without_secrets(name) == name


def test_a_secret_is_hidden_before_an_answer_is_cut() -> None:
    """What is left of a token would not look like one."""
    body = json.dumps({"about": "x" * 80, "password": "hunter2-hunter2-hunter2-hunter2-hunter2"})
    assert "hunter2" not in check_answer(Check(component="api", path="/"), Answer(500, body.encode())).detail


def test_values_of_a_sensitive_expression_are_not_shown() -> None:
    """Neither the answer's nor the one that was expected."""
    check = Check.model_validate({"component": "api", "path": "/", "json": {"login.password": "planted-1"}})
    detail = check_answer(check, Answer(200, b'{"login": {"password": "planted-2"}}')).detail
    assert "planted" not in detail
    assert detail.startswith("login.password is not what is expected")


def test_a_cookie_that_is_compared_is_not_shown() -> None:
    """Neither the answer's nor the one that was expected."""
    check = Check.model_validate({"component": "api", "path": "/", "header": {"set-cookie": "a=planted-1"}})
    detail = check_answer(check, Answer(200, b"", {"set-cookie": "a=planted-2"})).detail
    assert detail == f"the header set-cookie is {HIDDEN}, expected {HIDDEN}"


def test_no_result_has_a_secret_in_it() -> None:
    """Whoever made it, and in its name, which has the query, as well."""
    result = CheckResult("GET /login?token=planted of api", False, f"it answered {JWT}")
    assert (result.check, result.detail) == (f"GET /login?token={HIDDEN} of api", f"it answered {HIDDEN}")


@pytest.mark.parametrize(
    "part",
    ["a://b:", "token: not ", 'password=""', "name=token ", '"value":"\\"', "<password ", "<a:", "('token',",
     "password: |\n ", "password: 'a''", "%22", "&quot;", "\\u0022", "--token ", "sk-", "eyJ", "token=[", "id:a ",
     "-----BEGIN PRIVATE KEY-----", "bearer ", "aA1/", "A" * 60 + "."],
)  # fmt: skip
def test_a_text_costs_time_by_its_length(part: str) -> None:
    """Also one that somebody has made for it: of four times the length, never ten times the time."""
    short, long = (_seconds(part * (length // len(part))) for length in (4_000, 16_000))
    assert long < max(10 * short, 0.25)


def _seconds(text: str) -> float:
    """Of the processor, the smaller of two."""
    found = []
    for _ in range(2):
        before = time.thread_time()
        redacted(text)
        found.append(time.thread_time() - before)
    return min(found)
