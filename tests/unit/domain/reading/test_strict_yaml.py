"""YAML that people write: a word is what it looks like, and what is written is read as the same again."""

import json
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.domain.bundle.manifest import make_manifest, parse_manifest
from controller.domain.checks.check import Answer, Check, check_answer
from controller.domain.checks.verification import read_check
from controller.domain.components.parameters.values import parse_parameters
from controller.domain.components.stack.templates import parse_template
from controller.domain.reading.strict_yaml import read_flat_yaml, read_yaml, write_yaml
from controller.domain.reading.written import meaning, place_of, plain
from controller.errors import InvalidBundleError

WORDS = {
    "NO": "NO",
    "off": "off",
    "y": "y",
    "0512": "0512",
    "0o17": "0o17",
    "0x1F": "0x1F",
    "1_000": "1_000",
    "1:2:3": "1:2:3",
    "12:30": "12:30",
    "2025-07-01": "2025-07-01",
    "=": "=",
    "<<": "<<",
    ".inf": ".inf",
    "+5": "+5",
    "true": True,
    "FALSE": False,
    "Null": None,
    "~": None,
    "-12": -12,
    "1.10": 1.1,
    "2e3": 2000.0,
    "'12'": "12",
    "9" * 41: "9" * 41,
}


@pytest.mark.parametrize(("written", "means"), WORDS.items(), ids=WORDS)
def test_a_word_is_what_it_looks_like(written: str, means: object) -> None:
    """Where no text is wanted, YAML 1.2 decides, and numbers are those of JSON; elsewhere all of these are text."""
    content = read_yaml(f"value: {written}".encode())
    assert meaning(content) == {"value": means}
    assert type(meaning(content)["value"]) is type(means) or isinstance(means, str)
    text = read_flat_yaml(f"value: {written}".encode(), "settings.yaml")["value"]
    assert text == written.strip("'")


def test_settings_stay_as_they_were_written() -> None:
    """Operators, names, numbers of places and versions are text."""
    text = b"OPERATOR: =\nMERGE: <<\nSURNAME: Null\nZIP: 01234\nBUILD: 1.10\nENABLED: off\n"
    wanted = {"OPERATOR": "=", "MERGE": "<<", "SURNAME": "Null", "ZIP": "01234", "BUILD": "1.10", "ENABLED": "off"}
    assert parse_parameters(text, "settings.yaml").values == wanted


COMPONENT = """\
application: shop
version: 1.10
components:
  api:
    kind: function
    artifact: api
    memory: {memory}
    variables: {{COUNTRY: NO, BUILD: 1.10, AT: 12:30, ZIP: 01234, ON: on}}
"""


def test_texts_of_a_manifest_stay_as_they_were_written() -> None:
    """Also a variable's name and value that would be booleans in YAML 1.1."""
    manifest = make_manifest(read_yaml(COMPONENT.format(memory=512).encode()))
    assert (manifest.version, manifest.components["api"].memory) == ("1.10", 512)
    assert manifest.components["api"].variables == {
        "COUNTRY": "NO",
        "BUILD": "1.10",
        "AT": "12:30",
        "ZIP": "01234",
        "ON": "on",
    }


@pytest.mark.parametrize("memory", ["0512", "010", "1_000", "+512", "0x200", "512.0", "true", "2:30"])
def test_a_number_that_could_mean_another_is_refused_with_its_place(memory: str) -> None:
    """Octal and sexagesimal numbers are those of YAML 1.1; people mean something else."""
    with pytest.raises(InvalidBundleError, match=r"line 7, column 5: `components\.api\.memory` must be a whole number"):
        make_manifest(read_yaml(COMPONENT.format(memory=memory).encode()))


def test_the_number_that_is_probably_meant_is_shown() -> None:
    """So that one only has to copy it."""
    with pytest.raises(InvalidBundleError, match="like 512, not '0512'; if 512 is meant, write 512"):
        make_manifest(read_yaml(COMPONENT.format(memory="0512").encode()))


def test_a_check_compares_with_what_was_written() -> None:
    """A country, a time and a version; a number with a point is right as number and as text, in the ledger too."""
    wanted = "{country: NO, opens: 12:30, api: 1.10, count: 2, price: 1.50, 'length(items)': 1, none: Null}"
    check = Check.model_validate(read_yaml(f"component: api\npath: /\njson: {wanted}".encode()))
    answer: dict[str, Any] = {"country": "NO", "opens": "12:30", "api": "1.10", "count": 2, "price": 1.5, "items": [1]}
    for one in (check, read_check(check.model_dump_json())):
        assert isinstance(one, Check)
        assert check_answer(one, Answer(200, json.dumps(answer).encode())).passed
        for wrong in ({"api": "1.1"}, {"price": 1.4}, {"count": "2"}, {"opens": 750}, {"country": False}):
            assert not check_answer(one, Answer(200, json.dumps({**answer, **wrong}).encode())).passed
    failed = check_answer(check, Answer(200, json.dumps({**answer, "api": "1.9"}).encode()))
    assert 'api is "1.9", expected 1.10' in failed.detail


def test_a_body_and_headers_are_sent_as_they_were_written() -> None:
    """A body that is an object is JSON, so its numbers are numbers."""
    text = b"component: api\npath: /\nbody: {country: NO, count: 2, at: 12:30}\nheaders: {X-Zip: 01234, X-On: on}"
    check = Check.model_validate(read_yaml(text))
    assert json.loads(check.encoded_body() or b"") == {"country": "NO", "count": 2, "at": "12:30"}
    assert check.headers == {"x-zip": "01234", "x-on": "on"}
    assert Check.model_validate(read_yaml(b"component: api\npath: /\nbody: 0512")).encoded_body() == b"0512"


def test_a_byte_order_mark_is_no_part_of_the_text() -> None:
    """Editors on Windows write it."""
    assert read_yaml(b"\xef\xbb\xbfversion: 1.10") == {"version": "1.10"}


def test_every_key_and_item_has_a_place() -> None:
    """What is missing has that of what it would be in."""
    content = read_yaml(b"a:\n  - b: 1\n  -  {c: {d: 2}}\n")
    assert str(place_of(content, ("a", 1, "c", "d"))) == "line 3, column 11"
    assert str(place_of(content, ("a", 0, "missing"))) == "line 2, column 5"
    assert place_of({"a": 1}, ("a",)) is None


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(10**9), 10**9)
    | st.floats(allow_nan=False, allow_infinity=False, width=32)
    | st.sampled_from([*WORDS, "1e5", "1.", "0o7", ".5", "1_0.5", "# x", "a: b", " a", "@a", "%a", "&a", "!a", "- a"])
    | st.text(st.characters(exclude_categories=("Cs", "Cc", "Cn")), max_size=8)
)
CONTENT = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc01:", max_size=4), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(st.sampled_from(["a", "yes", "1.10", "~", "=", "0x1"]), CONTENT, max_size=3))
def test_what_is_written_is_read_as_the_same(content: dict[str, Any]) -> None:
    """`selfright bundle` writes the manifest anew: that must not change its meaning."""
    foreign = "\u2028\u2029\ufeff"
    if any(one in json.dumps(content, ensure_ascii=False) for one in foreign):
        return
    assert meaning(read_yaml(write_yaml(content))) == content


@pytest.mark.parametrize("written", WORDS)
def test_a_word_stays_a_word_when_a_manifest_is_written_anew(written: str) -> None:
    """And a text with quotes stays a text."""
    content = read_yaml(f"a: {written}\nb: ['{written.strip(chr(39))}', {written}]".encode())
    again = read_yaml(write_yaml(content))
    assert again == content
    assert meaning(again) == meaning(content)
    assert plain("x") == "x"


SEEDS = {
    "release.yaml": COMPONENT.format(memory=512).encode()
    + b"secrets:\n  - {name: config, keys: [A]}\nverification:\n  checks:\n"
    b"    - {component: api, path: /, json: {a: 1.10}}\n",
    "settings.yaml": b"A: 1.10\nB: |\n  two\n  lines\n'C': \"\\u00e9\"\n",
    "infra.yaml": b"Parameters: {P: {Type: String, Default: yes}}\nResources:\n  A:\n    Type: AWS::SNS::Topic\n"
    b"    Properties: {Name: !Sub 'a-${P}', Other: !GetAtt A.B}\n",
    "infra.json": b'{"Parameters": {"P": {"Type": "String"}}, "Resources": {"A": {"Type": "T", "N": [1]}}}',
}
PIECES = (
    *(
        b"&a ",
        b"*a",
        b"<<: ",
        b"!!int ",
        b"!Ref ",
        b"!!python/name:os ",
        b"%TAG ! x:\n---\n",
        b"---\n",
        b"? ",
        b": ",
        b"- ",
    ),
    *(
        b"[",
        b"{",
        b"]",
        b"}",
        b"\xff\xfe",
        b"\xef\xbb\xbf",
        b"\0",
        b"\x85",
        b"\xe2\x80\xa8",
        b'"\\ud800"',
        b"\\",
        b'"',
        b"'",
    ),
    *(
        b"0512",
        b"1:2:3",
        b"9" * 500,
        b"~",
        b"=",
        b"null",
        b".nan",
        b"1e999",
        b"|\n",
        b">\n",
        b"\t",
        b"\n",
        b"#",
        b",${",
        b"[" * 50,
    ),
)
READERS = {
    "release.yaml": parse_manifest,
    "settings.yaml": lambda text: parse_parameters(text, "settings.yaml").revision,
    "infra.yaml": lambda text: parse_template(text, "infra.yaml").parameters({}),
    "infra.json": lambda text: parse_template(text, "infra.json").parameters({}),
}


def mutated(text: bytes, chance: random.Random) -> bytes:
    """The text with a few pieces put in, taken out, doubled or moved."""
    for _ in range(chance.randint(1, 4)):
        one, other = sorted((chance.randrange(len(text) + 1), chance.randrange(len(text) + 1)))
        text = chance.choice(
            (
                text[:one] + chance.choice(PIECES) + text[one:],
                text[:one] + text[min(other, one + 9) :],
                text[:other] + text[one:other] + text[other:],
                text[:one] + bytes([chance.randrange(256)]) + text[one + 1 :],
            )
        )
    return text


def answer_of(file: str, text: bytes) -> str:
    """Why the reader refuses the text; "" when it does not."""
    try:
        READERS[file](text)
    except InvalidBundleError as error:
        return error.reason
    return ""


@pytest.mark.parametrize("file", SEEDS)
def test_no_reader_fails_otherwise_than_in_the_domains_words(file: str) -> None:
    """Whatever the file holds: it is read, or refused in one sentence that can be shown."""
    chance = random.Random(12)
    reasons = [answer_of(file, mutated(SEEDS[file], chance)) for _ in range(1500)]
    assert len([reason for reason in reasons if reason]) > 500
    assert all(reason.isprintable() and len(reason) < 2000 for reason in reasons)
