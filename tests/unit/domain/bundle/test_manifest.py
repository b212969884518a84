import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from controller.domain.bundle.manifest import make_manifest, parse_manifest
from controller.domain.components.function.artifact import FunctionArtifact
from controller.domain.components.site.artifact import SiteArtifact
from controller.domain.components.site.hashes import Sharing
from controller.domain.reading.strict_yaml import read_yaml
from controller.errors import InvalidBundleError
from tests.builders import bundle_parts

DIGEST = f"sha256:{'a' * 64}"
FULL = f"""
application: smartpack
version: 1.10
description: yes
components:
  api:
    kind: function
    artifact: backend/api.zip
    digest: {DIGEST}
    handler: app.handler
    runtime: python3.13
    memory: 512
    timeout: 10s
    variables: {{PORT: 8080, DEBUG: no, SINCE: 2025-07-01, TEXT: "x"}}
  site:
    kind: site
    artifact: site/
    digest: {DIGEST}
verification:
  checks:
    - {{component: api, method: POST, path: /generate, status: 400, body: {{days: 3, from: 2025-07-01}}}}
    - {{component: site, path: /, contains: <title>}}
"""


def manifest(**changes: object) -> dict[str, Any]:
    """A valid manifest with some keys changed."""
    return {**bundle_parts().manifest, **changes}


def with_component(name: str = "api", **changes: object) -> dict[str, Any]:
    """A valid manifest with a component added or changed."""
    content = manifest()
    component = {**content["components"].get(name, {}), **changes}
    return {**content, "components": {**content["components"], name: component}}


def refusal(content: bytes | str | dict[str, Any]) -> str:
    """Why the manifest is refused."""
    text = json.dumps(content) if isinstance(content, dict) else content
    with pytest.raises(InvalidBundleError) as caught:
        parse_manifest(text.encode() if isinstance(text, str) else text)
    assert caught.value.next_step
    return caught.value.reason


def test_a_complete_manifest_is_read() -> None:
    """All keys of the format are valid."""
    release = parse_manifest(FULL.encode())
    api, site = release.components["api"], release.components["site"]
    assert isinstance(api, FunctionArtifact)
    assert (api.artifact, api.sha256, api.memory, api.timeout) == ("backend/api.zip", "a" * 64, 512, 10)
    assert isinstance(site, SiteArtifact)
    assert (site.artifact, site.index, site.sharing) == ("site", "site.index.json", Sharing())
    assert [check.status for check in release.verification.checks] == [400, 200]


def test_text_stays_as_it_was_written() -> None:
    """YAML does not make the number 1.1 of version 1.10, a boolean of no, or a date."""
    release = parse_manifest(FULL.encode())
    api = release.components["api"]
    assert isinstance(api, FunctionArtifact)
    assert (release.version, release.description) == ("1.10", "yes")
    assert api.variables == {"PORT": "8080", "DEBUG": "no", "SINCE": "2025-07-01", "TEXT": "x"}
    assert release.verification.checks[0].body == {"days": 3, "from": "2025-07-01"}


def test_the_source_form_needs_no_digests() -> None:
    """Users do not write digests; `selfright bundle` does."""
    source = {"kind": "function", "artifact": "api"}
    assert make_manifest(manifest(components={"api": source}, verification={})).components["api"].digest == ""


def test_the_bundle_form_needs_digests() -> None:
    """A bundle without digests was not made by `selfright bundle`."""
    assert "`components.api.digest` is missing" in refusal(with_component(digest=""))


@pytest.mark.parametrize("version", ["1.4.0", "2025-07-01", "1.0.0-rc.1+build.5", "7", "v" * 64])
def test_usual_forms_of_versions_are_valid(version: str) -> None:
    """Semantic versions, dates and numbers are."""
    assert parse_manifest(json.dumps(manifest(version=version)).encode()).version == version


EXPLAINED = {
    "misspelt key": (with_component(memroy=512), "`components.api.memroy` is not a known key (did you mean 'memory'?"),
    "misspelt at the root": (manifest(aplication="x"), "`aplication` is not a known key (did you mean 'application'?"),
    "unlike any key": (manifest(zzz=1), "`zzz` is not a known key (allowed: application, components,"),
    "key of a check": (
        manifest(verification={"checks": [{"component": "api", "path": "/", "contain": "x"}]}),
        "`verification.checks.0.contain` is not a known key (did you mean 'contains'?",
    ),
    "key of verification": (manifest(verification={"check": []}), "`verification.check` is not a known key (did you"),
    "missing key": ({"version": "1"}, "`application` is missing; `components` is missing"),
    "missing artifact": (with_component("x", kind="site"), "`components.x.artifact` is missing"),
    "missing kind": (
        with_component("x", artifact="x"),
        "`components.x.kind` is missing (allowed: function, image, parameters, site, stack, state_machine)",
    ),
    "misspelt kind": (with_component(kind="functoin"), "`components.api.kind` 'functoin' is not known (did you mean"),
    "no components": (manifest(components={}), "`components` must have at least 1 item"),
    "components as a list": (manifest(components=[]), "`components` must hold keys and values"),
    "component as text": (manifest(components={"api": "x"}), "`components.api` must hold keys and values"),
    "component's name": (
        with_component("API", kind="site", artifact="x"),
        "`components.API` must be 1 to 31 lower-case",
    ),
    "version with spaces": (manifest(version="1 0"), "`version` must be 1 to 64 letters, digits"),
    "version without value": (manifest(version=None), "`version` has no value: write one"),
    "version too long": (manifest(version="1" * 65), "`version` must be 1 to 64"),
    "application": (manifest(application="Smart Pack"), "`application` must be 1 to 31 lower-case"),
    "memory as text": (
        with_component(memory="much"),
        "`components.api.memory` must be a whole number, written like 512, got",
    ),
    "memory too small": (with_component(memory=64), "must be greater than or equal to 128, got 64"),
    "timeout too long": (
        with_component(timeout="16m"),
        "`components.api.timeout` must be from 1s to 15m, not 16m",
    ),
    "timeout without a unit": (
        with_component(timeout=30),
        "`components.api.timeout` must be a duration such as '30s', '10m' or '1h30m', not '30' (seconds",
    ),
    "handler": (with_component(handler="a b"), "`components.api.handler` must be 1 to 128 characters"),
    "runtime": (with_component(runtime="Python 3"), "`components.api.runtime` must be the name of a Lambda runtime"),
    "variable's name": (with_component(variables={"9x": "1"}), "`components.api.variables.9x` must be a name of"),
    "variable of one letter": (
        with_component(variables={"X": "1"}),
        "`components.api.variables.X` must be a name of",
    ),
    "variable with a first '_'": (
        with_component(variables={"_X": "1"}),
        "must be a name of at least two letters, digits and '_', b",
    ),
    "reserved variable": (with_component(variables={"AWS_REGION": "x"}), "'AWS_REGION' is reserved for Lambda itself"),
    "Selfright's variable": (with_component(variables={"SELFRIGHT_VARIABLES": "x"}), "for Selfright's own record"),
    "too many variables": (
        with_component(variables={"XX": "x" * 5000}),
        "`components.api.variables` are too many: the environment variables take 5,036 bytes with Selfright's own",
    ),
    "runtime that is gone": (
        with_component(runtime="nodejs12.x"),
        "the runtime nodejs12.x is gone: Lambda has refused to update functions with it since 2023-04-30",
    ),
    "digest": (with_component(digest="md5:1"), "`components.api.digest` must be 'sha256:' and 64 hex digits"),
    "absolute artifact": (
        with_component(artifact="/api.zip"),
        "`components.api.artifact` cannot be used: it is absolute",
    ),
    "artifact outside": (with_component(artifact="../api.zip"), "leads out of the bundle"),
    "artifact is all": (with_component(artifact="."), "must be a folder or a file beside release.yaml"),
    "artifact is the manifest": (with_component(artifact="release.yaml"), "is the manifest itself"),
    "artifact in the manifest": (with_component(artifact="release.yaml/x"), "overlaps with 'release.yaml'"),
    "shared artifact": (with_component(artifact="site"), "'site' overlaps with 'site' of `components.api`"),
    "artifact shared with two digests": (
        with_component("other", kind="function", artifact="api.zip", digest=f"sha256:{'0' * 64}"),
        "`components.other.digest` differs from that of `components.api`, which has the same artifact",
    ),
    "artifact shared by two kinds": (
        with_component("other", kind="image", artifact="api.zip", digest=f"sha256:{'0' * 64}"),
        "`components.other.artifact` 'api.zip' overlaps with 'api.zip' of `components.api`",
    ),
    "artifact within another": (with_component(artifact="Site/api.zip"), "overlaps with 'Site/api.zip'"),
    "artifact is an index": (with_component(artifact="site.index.json"), "overlaps with 'site.index.json'"),
    "hashed pattern": (with_component("site", hashed=["*.js"]), "must be a folder followed by '/**'"),
    "hashed everything": (with_component("site", hashed=["**"]), "must be a folder followed by '/**'"),
    "hashed folders that are too long": (
        with_component("site", hashed=[f"{'x' * 90}{n}/**" for n in range(8)]),
        "`components.site.hashed` have more than 700 bytes together",
    ),
    "hashed revisions": (with_component("site", hashed=["revisions/**"]), "cannot be in 'revisions/'"),
    "check's component": (
        manifest(verification={"checks": [{"component": "ai", "path": "/"}]}),
        "`verification.checks.0.component` 'ai' is not a component of this release (these are: api, site)",
    ),
    "check's path": (
        manifest(verification={"checks": [{"component": "api", "path": "health"}]}),
        "`verification.checks.0.path` must begin with '/' and contain no spaces, got 'health'",
    ),
    "check's body": (
        manifest(verification={"checks": [{"component": "api", "path": "/", "body": [1]}]}),
        "`verification.checks.0.body` must be a JSON object",
    ),
    "kind of a check": (
        manifest(verification={"checks": [{"component": "site", "kind": "sit"}]}),
        "`verification.checks.0.kind` 'sit' is not known (did you mean 'site'? allowed: event, http, site)",
    ),
    "key of a site check": (
        manifest(verification={"checks": [{"component": "site", "kind": "site", "status": 200}]}),
        "`verification.checks.0.status` is not a known key (allowed: component, kind, only, path)",
    ),
    "site check of a function": (
        manifest(verification={"checks": [{"component": "api", "kind": "site"}]}),
        "`verification.checks.0.component` 'api' is a function: only a site has a page to load",
    ),
    "key of a check in json": (
        manifest(verification={"checks": [{"component": "api", "path": "/", "jsn": {}}]}),
        "`verification.checks.0.jsn` is not a known key (did you mean 'json'?",
    ),
    "expression": (
        manifest(verification={"checks": [{"component": "api", "path": "/", "json": {"items[": 1}}]}),
        '`verification.checks.0.json` has the expression "items[", which is not JMESPath (see jmespath.org)',
    ),
    "header": (
        manifest(verification={"checks": [{"component": "api", "path": "/", "headers": {"Host": "x"}}]}),
        "`verification.checks.0.headers` cannot set 'host': it belongs to the connection",
    ),
    "load without limit": (
        manifest(verification={"load": {"component": "api", "path": "/"}}),
        "`verification.load.p95_ms` is missing",
    ),
    "key of a load": (
        manifest(verification={"load": {"component": "api", "path": "/", "p95_ms": 9, "request": 9}}),
        "`verification.load.request` is not a known key (did you mean 'requests'?",
    ),
    "load of a site": (
        manifest(verification={"load": {"component": "site", "path": "/", "p95_ms": 500}}),
        "`verification.load.component` 'site' is a site: only functions are tested under load",
    ),
    "load of nothing": (
        manifest(verification={"load": {"component": "ai", "path": "/", "p95_ms": 500}}),
        "`verification.load.component` 'ai' is not a component of this release",
    ),
    "too many requests": (
        manifest(verification={"load": {"component": "api", "path": "/", "p95_ms": 500, "requests": 1001}}),
        "`verification.load.requests` must be less than or equal to 1000, got 1001",
    ),
    "load for too long": (
        manifest(verification={"load": {"component": "api", "path": "/", "p95_ms": 9000, "requests": 1000}}),
        "`verification.load` could take 900 seconds (1000 requests, 10 at a time, 9000 ms each), and 60 are allowed:",
    ),
    "check of parameters": (
        manifest(
            components={"settings": {"kind": "parameters", "artifact": "settings.yaml", "digest": DIGEST}},
            verification={"checks": [{"component": "settings", "path": "/"}]},
        ),
        "'settings' is of kind parameters, which answers no requests",
    ),
    "key of a secret": (
        manifest(secrets=[{"name": "config", "key": ["A"]}]),
        "`secrets.0.key` is not a known key (did you mean 'keys'?",
    ),
    "secret's name": (manifest(secrets=[{"name": "A b"}]), "`secrets.0.name` must be 1 to 31 lower-case letters"),
    "secret twice": (manifest(secrets=[{"name": "config"}] * 2), "`secrets` names 'config' twice"),
    "too many components": (
        manifest(components={f"c{n}": {"kind": "site", "artifact": f"c{n}", "digest": DIGEST} for n in range(51)}),
        "`components` must have at most 50 items",
    ),
}


@pytest.mark.parametrize(("content", "reason"), EXPLAINED.values(), ids=EXPLAINED)
def test_a_mistake_is_explained(content: dict[str, Any], reason: str) -> None:
    """The message has the place, the mistake, and what is allowed."""
    message = refusal(content)
    assert reason in message
    assert message.startswith("release.yaml: ")


SOURCE = """\
application: shop
version: 1
components:
  api:
    kind: function
    artifact: api
    timeout: 10s
  web:
    kind: site
    artifact: dist
    after: [apii]
  docs: {kind: sitee, artifact: api/docs}
tasks:
  - component: api
    timeout: 2m
verification:
  checks:
    - {component: web, path: /}
    - component: webb
      path: /
"""


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({}, "release.yaml: line 12, column 10: `components.docs.kind` 'sitee' is not known"),
        ({"sitee": "site"}, "line 12, column 22: `components.docs.artifact` 'api/docs' overlaps with 'api'"),
        ({"sitee": "site", "api/docs": "docs"}, "line 19, column 7: `verification.checks.1.component` 'webb' is not"),
        ({"sitee": "site", "api/docs": "docs", "webb": "web"}, "line 15, column 5: `tasks.0.timeout` "),
        (
            {"sitee": "site", "api/docs": "docs", "webb": "web", "2m": "5s"},
            "line 11, column 5: `components.web.after` 'apii' is not a component of this release",
        ),
        (
            {
                "sitee": "site",
                "api/docs": "docs",
                "webb": "web",
                "2m": "5s",
                "apii": "docs",
                "docs}": "docs, after: [web]}",
            },
            "line 12, column 38: `components.docs.after` has a cycle, each after the next: docs → web → docs;",
        ),
    ],
    ids=["kind", "artifact", "check", "task", "order", "cycle"],
)
def test_a_mistake_that_depends_on_several_keys_has_its_place(changes: dict[str, str], reason: str) -> None:
    """That of the key which is to be corrected."""
    text = SOURCE
    for old, new in changes.items():
        text = text.replace(old, new)
    assert reason in refusal(text)


@pytest.mark.parametrize("line", ["    memory:", "    handler: null", "    after: ~", "    variables: {LEVEL: }"])
def test_a_key_without_a_value_is_refused(line: str) -> None:
    """Somebody has forgotten it, and the default may be something else."""
    message = refusal(
        f"application: shop\nversion: 1\ncomponents:\n  api:\n    kind: function\n    artifact: api\n{line}"
    )
    assert message.startswith("release.yaml: line 7, column ")
    assert message.endswith("` has no value: write one, or leave the key out")


def test_mistakes_have_the_order_of_the_file() -> None:
    """Whoever corrects them goes from line to line."""
    message = refusal(
        "zzz: 1\napplication: shop\nversion: 1\ncomponents: {api: {kind: function, artifact: api, memory: x}}\nyyy: 1"
    )
    assert (
        message.index("line 1, column 1: `zzz`") < message.index("line 4, ") < message.index("line 5, column 1: `yyy`")
    )


def test_the_keys_of_a_component_are_those_that_people_write() -> None:
    """With `build`, which no bundle has, and without what `selfright bundle` writes."""
    message = refusal(with_component(biuld={}))
    assert (
        "`components.api.biuld` is not a known key (did you mean 'build'? allowed: after, artifact, build," in message
    )
    assert "digest" not in message


def test_a_message_has_several_mistakes_but_not_endlessly_many() -> None:
    """Users should not upload ten times for ten mistakes, nor read a hundred."""
    message = refusal(manifest(**{f"x{n}": 1 for n in range(20)}))
    assert message.count("is not a known key") == 5
    assert message.endswith("and 15 more")


def test_values_that_may_be_secret_are_not_repeated() -> None:
    """Variables and bodies do not appear in messages."""
    assert "hunter2" not in refusal(with_component(variables={"PASSWORD": ["hunter2"], "1": "hunter2"}))
    check = {"component": "api", "path": "/", "headers": {"authorization": "hunter2\n"}}
    assert "hunter2" not in refusal(manifest(verification={"checks": [check]}))


@pytest.mark.parametrize("keys", ["hunter2", {"PASSWORD": "hunter2"}, ["PASSWORD=hunter2"], [["hunter2"]]])
def test_a_secret_written_where_its_keys_belong_is_not_repeated(keys: object) -> None:
    """A user who misunderstands `secrets` writes a value there."""
    assert "hunter2" not in refusal(manifest(secrets=[{"name": "config", "keys": keys, "value": "hunter2"}]))


def test_a_release_names_the_secrets_that_it_needs() -> None:
    """It has logical names and the names of keys; a secret without keys must only exist."""
    text = json.dumps(manifest(secrets=[{"name": "config", "keys": ["OPENAI_KEY"]}, {"name": "signing"}]))
    needs = parse_manifest(text.encode()).secrets
    assert [(need.name, need.keys) for need in needs] == [("config", ("OPENAI_KEY",)), ("signing", ())]


TRICKS = {
    "anchor bomb": (
        "a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]",
        "line 1, column 4: anchors and aliases (& and *) are not supported",
    ),
    "duplicate key": ("version: 1\nversion: 2", "line 2, column 1: the key 'version' appears twice"),
    "duplicate inside": ("components: {api: {kind: site, kind: function}}", "the key 'kind' appears twice"),
    "deep nesting": ("[" * 30_000, "nested more than 20 deep"),
    "deep mapping": ("{a: " * 1000, "nested more than 20 deep"),
    "python object": (
        "a: !!python/object/apply:os.system [ls]",
        "tags (!!python/object/apply:os.system) are not supported",
    ),
    "two documents": ("a: 1\n---\nb: 2", "line 2, column 1: a second document begins"),
    "bad indent": ("a: 1\n b: 2", "line 2, column 3: mapping values are not allowed in this context (check the indent"),
    "less indent": (
        "a:\n  b: 1\n c: 2",
        "line 3, column 2: while parsing a block mapping, did not find expected key (check",
    ),
    "open quote": (
        'a: 1\nb: "x\nc: 2\n',
        "line 2, column 4: while scanning a quoted scalar, found unexpected end of stream",
    ),
    "open bracket": (
        "a: [1\nb: 2",
        "line 1, column 4: while parsing a flow sequence, did not find expected ',' or ']' (what",
    ),
    "no colon": (
        "a: 1\nb 2\nc: 3",
        "line 2, column 1: while scanning a simple key, could not find expected ':' (a key ends",
    ),
    "control character": ("a: \x07", "not valid YAML"),
    "huge integer": (f"a: {'9' * 5000}", "`a` is not a known key"),
    "huge memory": (
        f"components: {{api: {{kind: function, artifact: api, memory: {'9' * 5000}}}}}",
        "line 1, column 51: `components.api.memory` must be a whole number",
    ),
    "UTF-16": ("version: 1".encode("utf-16"), "it is not UTF-8"),
    "half of a character": ('a: "\\ud800"', "line 1, column 7"),
    "line separator": ("a: x\u2028b: y", "line 1, column 5: the character U+2028 is not allowed"),
    "other version of YAML": ("%YAML 1.1\n---\na: 1", "directives (%YAML, %TAG) are not supported"),
    "tag with another name": ("%TAG ! tag:yaml.org,2002:\n---\nversion: !int 1", "directives (%YAML, %TAG)"),
    "tagged number": ("version: !!float 1.10", "line 1, column 10: tags (!!float) are not supported"),
    "tag that says nothing": ("version: ! 1.10", "tags (!) are not supported"),
    "tagged key": ("!!str version: 1.10", "tags (!!str) are not supported"),
    "anchored key": ("&a version: 1.10", "anchors and aliases"),
    "unhashable key": ("[a]: 1", "line 1, column 1: a key must be text"),
    "list": ("- a", "not a list"),
    "text": ("smartpack", "not a single value"),
    "nothing": ("", "not nothing"),
    "too long": ("# " + "x" * 70_000, "at most 65,536 are allowed"),
}


@pytest.mark.parametrize(("text", "reason"), TRICKS.values(), ids=TRICKS)
def test_tricks_of_yaml_are_refused(text: str | bytes, reason: str) -> None:
    """Nothing in the file can cost more than to read it."""
    assert reason in refusal(text)


def test_a_binary_file_is_refused() -> None:
    """Bytes that are not UTF-8 are refused."""
    assert "not valid YAML" in refusal(b"\xff\xfe\xff")


YAML_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8) | st.integers(), inner, max_size=3),
    max_leaves=8,
)
KEYS = st.sampled_from(["application", "version", "description", "components", "verification", "api", "kind", "checks"])


@settings(max_examples=300)
@given(st.dictionaries(KEYS, YAML_VALUES), st.dictionaries(KEYS | st.text(max_size=5), YAML_VALUES))
@example({}, {})
def test_any_content_is_read_or_refused(root: dict[str, Any], component: dict[Any, Any]) -> None:
    """For any content of the file, the answer is a manifest or a sentence."""
    for content in ({**manifest(), **root}, with_component(**{str(key): value for key, value in component.items()})):
        assert answer_to(content).isprintable()


def answer_to(content: dict[str, Any]) -> str:
    """The application's name, or why the content is refused."""
    try:
        return make_manifest(content).application
    except InvalidBundleError as error:
        return error.reason


@settings(max_examples=300)
@given(st.text(alphabet="abc:-&*!{}[]'\"|>#%\n\t ?,0.1e", max_size=60) | st.binary(max_size=60))
def test_any_text_is_read_or_refused(text: str | bytes) -> None:
    """No YAML crashes the reader."""
    try:
        content = read_yaml(text.encode() if isinstance(text, str) else text)
    except InvalidBundleError:
        return
    assert isinstance(content, dict)


def test_a_number_of_thousands_of_digits_is_refused_without_showing_it() -> None:
    """Python refuses to write such a number in decimals."""
    memory = int("F" * 5000, 16)
    content = {
        "application": "shop",
        "version": "1",
        "components": {"api": {"kind": "function", "artifact": "api.zip", "memory": memory}},
    }
    with pytest.raises(InvalidBundleError, match=r"components\.api\.memory.*very many digits"):
        make_manifest(content)
