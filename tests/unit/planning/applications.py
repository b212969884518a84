"""Applications, environments and moments by chance: most could be released, the others have something wrong."""

import json
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeAlias

from controller.domain.components.site.routing import RoutingTable, render
from controller.domain.deployment import Trip
from controller.domain.phases import Phase
from tests.builders import API_CODE, BundleParts, an_index, bundle_parts, digest
from tests.fakes import START
from tests.simulation.aws.s3 import S3, PutEvents
from tests.simulation.aws.ssm import Ssm
from tests.unit.aws.fake_cloudfront import FakeCloudFront
from tests.unit.aws.fake_lambda import FakeLambda
from tests.unit.planning.conftest import ARTIFACTS, ENVIRONMENT, LIVE, SITE, STACK, PlanWorld
from tests.unit.planning.kinds import a_machine, an_image, tasks

KEY = "smartpack/prod"
ALARMS = ("errors", "latency")
KINDS: Mapping[Callable[["Application"], None], float] = {an_image: 0.15, a_machine: 0.25, tasks: 0.25}
"""Rarer kinds, and which share of the applications has them."""
QUEUE = {"Type": "AWS::SQS::Queue"}
TOPIC = {"Type": "AWS::SNS::Topic"}


@dataclass
class Application:
    """A release, its environment, and the moment; `traits` are what is not usual about them."""

    chance: random.Random
    world: PlanWorld
    parts: BundleParts
    traits: list[str] = field(default_factory=list)
    hotfix: bool = False

    @property
    def manifest(self) -> dict[str, Any]:
        """The manifest as it will be packed."""
        return self.parts.manifest

    @property
    def components(self) -> dict[str, Any]:
        """The components of the release."""
        found: dict[str, Any] = self.manifest["components"]
        return found

    @property
    def environment(self) -> dict[str, Any]:
        """The environment's document."""
        return self.world.configuration

    def one(self) -> str:
        """The name of a component of the release."""
        return self.chance.choice(sorted(self.components))

    def bundle(self) -> bytes:
        """The bytes to upload."""
        return self.parts.pack()


def an_application(seed: int, folder: Path, traits: "Traits | None" = None) -> Application:
    """The application of this seed; what is not usual about it are some of these `traits` (None: of all, and kinds)."""
    chance = random.Random(seed)
    world = _world(folder)
    contents = {name: chance.choice(("same", "other")) for name in ("api", "site", "settings", "infra")}
    has_stack, has_settings = chance.random() < 0.5, chance.random() < 0.5
    _live(world, chance, has_stack=has_stack)
    site = {"index.html": contents["site"].encode(), "assets/app-1a2b3c4d.js": b"pack()"}
    code = API_CODE + (b"" if contents["api"] == "same" else b"# other")
    parts = bundle_parts("2.0.0", code, site)
    if has_settings:
        parts = parts.with_parameters({"DEBUG": contents["settings"]})
    if has_stack:
        parts = parts.with_stack(_template({"A": QUEUE} if contents["infra"] == "same" else {"A": QUEUE, "B": TOPIC}))
    made = Application(chance, world, parts)
    for trait in chance.sample(traits or TRAITS, chance.choice((0, 1, 1, 1, 2, 2, 3))):
        trait(made)
        made.traits.append(trait.__name__.strip("_"))
    for kind, share in KINDS.items() if traits is None else ():
        if chance.random() < share and "api" in made.components:
            kind(made)
            made.traits.append(kind.__name__)
    return made


def _world(folder: Path) -> PlanWorld:
    s3 = S3(lambda: START)
    s3.meta = PutEvents(s3.put_object)  # type: ignore[attr-defined]
    for bucket in (ARTIFACTS, SITE):
        s3.create_bucket(Bucket=bucket)

    def fetched(bucket: str, key: str) -> bytes:
        data = s3.data(bucket, key)
        assert data is not None
        return data

    world = PlanWorld(
        folder, FakeLambda(fetched), FakeCloudFront(RoutingTable()), s3, Ssm(lambda: START), secrets={"shop/known"}
    )
    world.stacks.read = lambda url: fetched(ARTIFACTS, url.partition(f"{ARTIFACTS}/")[2] or url.rpartition(".com/")[2])
    world.configuration = json.loads(json.dumps(ENVIRONMENT))
    world.configuration["secrets"] = {"config": "shop/known", "gone": "shop/gone"}
    world.ports.secrets.known["shop/known"] = frozenset({"KEY"})
    return world


def _live(world: PlanWorld, chance: random.Random, *, has_stack: bool) -> None:
    """Perhaps a release is live, with or without settings."""
    if has_stack and chance.random() < 0.7:
        world.stacks.by_hand(STACK, _template({"A": QUEUE}))
    if chance.random() < 0.7:
        parts = bundle_parts("1.0.0", site_files={"index.html": b"same", "assets/app-1a2b3c4d.js": b"pack()"})
        world.release((parts.with_parameters({"DEBUG": "same"}) if chance.random() < 0.5 else parts).pack())


def _template(resources: Mapping[str, Any], **sections: Any) -> str:  # noqa: ANN401 - JSON
    return json.dumps({"Resources": dict(resources), **sections})


# What may be unusual: of the manifest


def _manifest_value(app: Application) -> None:
    """A value that may be wrong."""
    wrong: tuple[Mapping[str, Any], ...] = (
        {"version": "not a version"},
        {"version": "1.10"},
        {"application": "other"},
        {"unknown": 1},
        {"description": "x" * 1000},
        {"description": "x" * 1001},
    )
    app.manifest.update(app.chance.choice(wrong))


def _configuration(app: Application) -> None:
    """Settings of the function, some of them impossible."""
    values: tuple[Mapping[str, Any], ...] = (
        {"memory": 512},
        {"memory": 64},
        {"memory": "0512"},
        {"timeout": "30s"},
        {"timeout": "16m"},
        {"timeout": 30},
        {"variables": {"NAME": "value"}},
        {"variables": {"NAME": "x" * 4100}},
        {"variables": {"NAME": "x" * 4000}},
        {"variables": {"AWS_REGION": "x"}},
        {"variables": {"A": "1"}},
        {"runtime": "python3.12"},
        {"runtime": "python2.7"},
        {"runtime": "nodejs22.x"},
        {"handler": "a b"},
        {"memroy": 512},
    )
    if "api" in app.components:
        app.components["api"].update(app.chance.choice(values))


def _order(app: Application) -> None:
    """An order of the components, possible or not."""
    name, other = app.one(), app.one()
    app.components[name]["after"] = [app.chance.choice((other, other, "unknown"))]


def _fewer(app: Application) -> None:
    """A component less."""
    names = [name for name in app.components if name not in {"api", "site"}]
    if names:
        del app.components[app.chance.choice(names)]  # its file stays in the bundle


def _digest(app: Application) -> None:
    """A digest that is missing, wrong, or no digest."""
    app.components[app.one()]["digest"] = app.chance.choice(("", digest(b"other"), "sha256:12"))


def _another_file(app: Application) -> None:
    """A file that belongs to nothing."""
    app.parts.files[app.chance.choice(("notes.txt", "site/unlisted.html", "Release.yaml"))] = b"x"


def _kind(app: Application) -> None:
    """A kind that the environment does not have there."""
    app.components[app.one()]["kind"] = app.chance.choice(("function", "site", "image", "database", "unknown"))


def _checks(app: Application) -> None:
    """More checks, of all sorts."""
    checks: tuple[Mapping[str, Any], ...] = (
        {"component": "api", "path": "/x", "contains": "${MODE}"},
        {"component": "api", "path": "/x", "contains": "${MISSING}"},
        {"component": "api", "path": "/x", "json": {"a[": 1}},
        {"component": "api", "path": "/x", "json": {"a": "1.10"}},
        {"component": "api", "path": "x"},
        {"component": "nobody", "path": "/"},
        {"component": "settings", "path": "/"},
        {"component": "site", "kind": "site", "path": "/"},
        {"component": "api", "kind": "site", "path": "/"},
        {"component": "api", "path": "/x", "only": "outside"},
    )
    app.manifest["verification"]["checks"].append(dict(app.chance.choice(checks)))


def _many_checks(app: Application) -> None:
    """So many texts in checks that the ledger may have no room for them."""
    count, text = app.chance.choice(((10, "x" * 100), (100, "x"), (60, "x" * 4000), (60, "${MODE}")))
    app.environment["components"]["api"]["variables"] = {"MODE": "x" * 3000}
    more = [{"component": "api", "path": f"/{number}", "contains": text} for number in range(count - 2)]
    app.manifest["verification"]["checks"] += more


def _load(app: Application) -> None:
    """A load, perhaps of what cannot be loaded, or for too long."""
    component = app.chance.choice(("api", "api", "site"))
    app.manifest["verification"]["load"] = {
        "component": component,
        "path": "/x",
        "p95_ms": app.chance.choice((500, 30_000)),
        "requests": app.chance.choice((10, 1000)),
    }


def _secrets(app: Application) -> None:
    """Secrets that exist, are gone, or are none of the environment's."""
    name = app.chance.choice(("config", "config", "gone", "unmapped"))
    app.manifest["secrets"] = [{"name": name, "keys": app.chance.choice(([], ["KEY"]))}]


def _settings(app: Application) -> None:
    """A file of settings, some with mistakes."""
    texts = (b"A: off\nB: 010\nC: Null", b"A: [1]", b"A: 1\nA: 2", b"", b"\xff", b"a/b: 1", b"A: '{{x}}'", b"A: &a 1")
    app.parts = app.parts.with_parameters(app.chance.choice(texts))


def _stack_template(app: Application) -> None:
    """A template, some with mistakes."""
    secret = {"Parameters": {"P": {"Type": "String", "NoEcho": True, "Default": "x"}}}
    texts = (
        _template({"A": QUEUE}, Parameters={"P": {"Type": "String"}}),
        _template({"A": QUEUE}, Parameters={"P": {"Type": "String", "Default": "x"}}),
        _template({"A": QUEUE}, **secret),
        _template({"A": QUEUE}, Transform="Macro"),
        _template({"B": TOPIC}),
        _template({"A": TOPIC}),
        _template({"A": {"Properties": {}}}),
        '{"Resources": {"A": {"Type": "AWS::SNS::Topic"}}, "Resources": {}}',
        "Resources:\n  A: {Type: AWS::SQS::Queue, Size: 010}",
        "Resources:\n  A: {Type: AWS::SQS::Queue}",
        "Resources: {}",
    )
    parameters = app.chance.choice(({}, {}, {"P": "y"}, {"Q": "y"}))
    app.parts = app.parts.with_stack(app.chance.choice(texts), parameters)


def _site(app: Application) -> None:
    """Other files of the site: one that changes though its name says that it never does, rules, and odd names."""
    files: tuple[Mapping[str, bytes], ...] = (
        {"index.html": b"x", "assets/logo.svg": b"<svg/>"},
        {"index.html": b"x", "assets/app-1a2b3c4d.js": b"changed()"},
        {"index.html": b"x", "_redirects": b"/a /b 301", "_headers": b"/*\n  X-A: b"},
        {"index.html": b"x", "_redirects": b"nonsense"},
        {"index.html": b"x", ".env": b"A=1", "404.html": b"gone"},
        {"about.html": b"no first page"},
        {"index.html": b"x", "docs/index.html": b"y", ".well-known/x": b"z"},
        {"index.html": b"x", "revisions/a.html": b"y"},
        {},
    )
    if "site" not in app.components:
        return
    chosen = dict(app.chance.choice(files))
    others = {path: data for path, data in app.parts.files.items() if not path.startswith("site")}
    index = an_index(chosen)
    app.parts.files = {**others, "site.index.json": index, **{f"site/{path}": data for path, data in chosen.items()}}
    app.components["site"]["digest"] = digest(index)


def _hashed(app: Application) -> None:
    """Other folders of files whose names carry a hash."""
    patterns = (["static/**"], [], ["assets"], ["revisions/**"], [f"{'x' * 200}{n}/**" for n in range(12)])
    if "site" in app.components:
        hashed = app.chance.choice(patterns)
        index = json.dumps(json.loads(bytes(app.parts.files["site.index.json"])) | {"hashed": sorted(hashed)}).encode()
        app.parts.files["site.index.json"] = index
        app.components["site"] |= {"hashed": hashed, "digest": digest(index)}


# Of the environment


def _strategy(app: Application) -> None:
    kind = app.chance.choice(("AllAtOnce", "Linear10PercentEvery1Minute", "Canary5Percent10Minutes"))
    app.environment.setdefault("deployment_preference", {})["type"] = kind


def _missing_component(app: Application) -> None:
    app.environment["components"].pop(app.chance.choice(("site", "settings", "infra")))


def _variables(app: Application) -> None:
    """Variables of the environment, which win over the bundle's."""
    size = app.chance.choice((10, 3000, 4000, 4090))
    app.environment["components"]["api"]["variables"] = {"MODE": "x" * size}


def _private(app: Application) -> None:
    """A URL of a private network, allowed or not."""
    app.environment["components"]["api"]["url"] = "https://private.example"
    app.world.ports.probe.private["https://private.example"] = "it is private"
    app.environment["allow_private_urls"] = app.chance.choice((True, False))


def _allowed(app: Application) -> None:
    """What the environment allows to stacks."""
    if "infra" in app.environment["components"]:
        more = {"allow_deletion": ["*"], "allow_replacement": ["*"], "capabilities": ["CAPABILITY_AUTO_EXPAND"]}
        app.environment["components"]["infra"].update(more)
        if app.chance.random() < 0.5:
            app.environment["components"]["infra"]["parameters"] = {"P": "z"}


def _database(app: Application) -> None:
    """A database, of which a snapshot is taken."""
    app.environment["components"]["database"] = {"kind": "database", "instance": "shop", "snapshot": "always"}


def _indivisible(app: Application) -> None:
    """The environment lets a version that cannot share the alias go to all visitors, and the function has such one."""
    app.environment["components"]["api"]["when_indivisible"] = app.chance.choice(("refuse", "at_once"))
    app.world.functions.latest["Role"] = "arn:aws:iam::123456789012:role/other"


# Of the moment


def _alarms(app: Application) -> None:
    states = {name: app.chance.choice(("OK", "OK", "INSUFFICIENT_DATA", "ALARM")) for name in ALARMS}
    app.environment.setdefault("deployment_preference", {})["alarms"] = list(ALARMS)
    if app.chance.random() < 0.2:
        del states["latency"]
    app.world.ports.alarms.known = states


def _hotfix(app: Application) -> None:
    app.hotfix = True


def _held(app: Application) -> None:
    app.world.lock(held="somebody has to look at it")


def _attempt(app: Application) -> None:
    """This version was here before, with these or other contents."""
    phase = app.chance.choice((Phase.SUCCEEDED, Phase.ROLLED_BACK, Phase.REJECTED, Phase.SUPERSEDED))
    former = app.chance.choice(("dd", digest(json.dumps(app.manifest).encode()).removeprefix("sha256:")))
    app.world.ports.versions.previous_attempts[KEY, str(app.manifest.get("version"))] = (former, phase)


def _accused(app: Application) -> None:
    """An alarm has accused what is live, which is to be rolled back."""
    known = app.world.ports.deployments.known
    if LIVE in known:
        trip = Trip(START, "alarm", "errors fired")
        known[LIVE] = replace(known[LIVE], late_alarm=trip, grace_until=START + timedelta(hours=1))


def _alias(app: Application) -> None:
    """Somebody has moved the alias, divided it, or deleted it."""
    functions = app.world.functions
    match app.chance.choice(("moved", "divided", "deleted")):
        case "moved":
            functions.publish_version(FunctionName="smartpack-prod-api")
            functions.point("live", max(functions.versions, key=int))
        case "divided":
            functions.publish_version(FunctionName="smartpack-prod-api")
            functions.point("live", "1", {max(functions.versions, key=int): 0.5})
        case _:
            functions.aliases.clear()


def _image(app: Application) -> None:
    """The function has been made anew, with an image."""
    app.world.functions.package("ab" * 32)


def _routing(app: Application) -> None:
    """Somebody has changed the routing function."""
    table = app.chance.choice((b"function handler(event) { return event.request }", render(RoutingTable())))
    app.world.routing.edit("LIVE", table)


def _pointer(app: Application) -> None:
    """Somebody has written another revision into the settings' pointer."""
    value = app.chance.choice(("none", "0123456789abcdef", "x y"))
    app.world.ssm.put_parameter(Name="/smartpack/prod/settings/current", Value=value, Type="String", Overwrite=True)


def _stack_state(app: Application) -> None:
    """The stack is being changed, or cannot be."""
    status = app.chance.choice(("UPDATE_IN_PROGRESS", "UPDATE_ROLLBACK_FAILED", "ROLLBACK_COMPLETE"))
    app.world.stacks.by_hand(STACK, _template({"A": QUEUE, "C": TOPIC}), status)


def _stack_by_hand(app: Application) -> None:
    """The stack has more than the release that is live knows of."""
    app.world.stacks.by_hand(STACK, _template({"A": QUEUE, "T": {"Type": "AWS::DynamoDB::Table"}}))


Traits: TypeAlias = tuple[Callable[[Application], None], ...]
OF_THE_MANIFEST: Traits = (
    *(_manifest_value, _configuration, _configuration, _order, _fewer, _digest, _another_file, _kind, _checks, _checks),
    *(_many_checks, _load, _secrets, _settings, _stack_template, _stack_template, _site, _site, _hashed),
)
TRAITS: Traits = (
    *OF_THE_MANIFEST,
    *(_strategy, _missing_component, _variables, _private, _allowed, _database, _indivisible),
    *(_alarms, _hotfix, _held, _attempt, _accused, _alias, _image, _routing, _pointer, _stack_state, _stack_by_hand),
)
