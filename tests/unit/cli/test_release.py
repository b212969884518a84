import json
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from controller.aws.bundles import S3Bundles
from controller.aws.client.clients import client
from controller.domain.deployment import Deployment
from tests.builders import a_bundle
from tests.cli_world import BUCKET, LIVE_ID, ROLLED_BACK, SUCCEEDED, CliWorld, ended

KEY = "incoming/smartpack/prod/smartpack-1.2.0.zip"
TO = ("--environment", "smartpack/prod")


@pytest.fixture
def bundle(tmp_path: Path) -> str:
    """A bundle of SmartPack 1.2.0."""
    path = tmp_path / "whatever.zip"
    path.write_bytes(a_bundle("1.2.0"))
    return str(path)


def test_without_watching_it_uploads_and_says_which_deployment_it_becomes(world: CliWorld, bundle: str) -> None:
    """The key says for whom the bundle is and what it is; the version of the object is pinned."""
    result = world.run("release", bundle, *TO, "--no-watch", "--output", "json")
    (version,) = client("s3").list_object_versions(Bucket=BUCKET)["Versions"]
    answer = json.loads(result.stdout)
    assert answer["upload"] == {"bucket": BUCKET, "key": KEY, "version_id": version["VersionId"]}
    assert answer["deployment_id"].startswith(f"smartpack-prod-{version['LastModified']:%Y%m%dT%H%M%S}-")


def test_a_bundle_of_another_application_is_not_uploaded(world: CliWorld, bundle: str) -> None:
    """The controller would reject it, after the upload; its own environments are named."""
    world.register("shop/prod")
    result = world.run("release", bundle, "--environment", "shop/prod", "--no-watch")
    assert result.exit_code == 1
    assert "The bundle is a release of 'smartpack', and shop/prod belongs to 'shop'." in result.stderr
    assert "Its environments are: smartpack/prod." in result.stderr
    assert "Versions" not in client("s3").list_object_versions(Bucket=BUCKET)


def test_a_folder_is_bundled_first(world: CliWorld, tmp_path: Path) -> None:
    """One command is enough from a release folder to a deployment."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "index.html").write_text("<title>SmartPack</title>")
    site = "{kind: site, artifact: site}"
    (tmp_path / "release.yaml").write_text(f"{{application: smartpack, version: 1.2.0, components: {{site: {site}}}}}")
    result = world.run("release", str(tmp_path), *TO, "--no-watch")
    assert result.exit_code == 0, result.stderr
    assert [one["Key"] for one in client("s3").list_objects_v2(Bucket=BUCKET)["Contents"]] == [KEY]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["release.yaml", "site"]


def test_a_release_that_went_live_exits_with_0_and_says_so(world: CliWorld, bundle: str) -> None:
    """The result is on stdout, what happened on stderr, one line per event."""
    world.controller_does(SUCCEEDED, ("shifted", "10 % of the visitors get version 1.2.0."))
    result = world.run("release", bundle, *TO)
    assert result.exit_code == 0
    assert result.stdout.startswith("✔ SUCCEEDED  smartpack 1.2.0 is live in smartpack/prod")
    events = [line.split("  ", 2)[1:] for line in result.stderr.splitlines() if line[2:3] == ":"]
    assert [(phase, said.strip()) for phase, said in events] == [
        ("RECEIVED", "Received."),
        ("SHIFTING", "10 % of the visitors get version 1.2.0."),
        ("SUCCEEDED", "The release is live and stable."),
    ]


def test_a_release_that_was_rolled_back_exits_with_1_and_says_why_and_what_next(world: CliWorld, bundle: str) -> None:
    """Reason, next step and a command to copy."""
    world.controller_does(ROLLED_BACK, ("shifted", "10 % of the visitors get version 1.2.0."))
    result = world.run("release", bundle, *TO)
    assert result.exit_code == 1
    assert "1.2.0 was rolled back in smartpack/prod; 1.1.0 is live again." in result.stdout
    assert "  reason      Alarm smartpack-prod-api-errors: 5 errors.\n" in result.stdout
    assert (
        "  traffic     set back to stable 0.08 s after the alarm; visitors were back 12 s after it\n" in result.stdout
    )
    assert "  next step   Correct it and release it under a new version.\n" in result.stdout
    assert "  details     selfright show smartpack-prod-" in result.stdout


def test_a_refused_release_can_be_sent_again_by_the_command_as_printed(world: CliWorld, bundle: str) -> None:
    """With the folder that was given."""
    world.controller_does(ended("REJECTED"))
    again = f"  again       selfright release {bundle} --environment smartpack/prod\n"
    assert again in world.run("release", bundle, *TO).stdout


def test_a_reason_stands_once_in_the_timeline(world: CliWorld, bundle: str) -> None:
    """The lines after it leave it out; the result has it again."""
    reason = "Check failed before traffic: GET /: 500"
    events = (("tripped", reason), ("rolling_back", f"Rolling back: {reason}"), ("closed", f"ROLLED_BACK: {reason}"))
    world.controller_does(replace(ROLLED_BACK, reason=reason), *events)
    result = world.run("release", bundle, *TO)
    assert (result.stderr.count(reason), result.stdout.count(reason)) == (1, 1)
    assert "Rolling back" in result.stderr


def test_nothing_is_said_of_traffic_that_never_moved(world: CliWorld, bundle: str) -> None:
    """A release that failed its tests before traffic had no visitors to restore."""
    world.controller_does(ROLLED_BACK)
    assert "traffic" not in world.run("release", bundle, *TO).stdout


@pytest.mark.parametrize("phase", ["REJECTED", "SUPERSEDED", "ROLLBACK_FAILED", "ROLLED_BACK"])
def test_only_live_is_0(world: CliWorld, bundle: str, phase: str) -> None:
    """A pipeline goes on only after a release that is live."""
    world.controller_does(ended(phase))
    assert world.run("release", bundle, *TO).exit_code == 1


@pytest.mark.parametrize("end", [SUCCEEDED, ROLLED_BACK])
def test_the_json_is_one_document_with_how_it_ended(world: CliWorld, bundle: str, end: Deployment) -> None:
    """Scripts read the phase, the reason and the figures; no secret token is among them."""
    world.controller_does(end)
    result = world.run("release", bundle, *TO, "--output", "json")
    answer = json.loads(result.stdout)
    assert (answer["phase"], answer["version"], answer["previous_version"]) == (str(end.phase), "1.2.0", "1.1.0")
    assert "token" not in result.stdout


def test_nothing_but_text_when_it_is_no_terminal(world: CliWorld, bundle: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A log file has no escape codes, not even where colours are forced."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    world.controller_does(ROLLED_BACK)
    result = world.run("release", bundle, *TO)
    assert "\x1b" not in result.output
    assert all(line == line.rstrip() for line in result.output.splitlines())


def test_an_unknown_environment_is_said_before_anything_is_uploaded(world: CliWorld, bundle: str) -> None:
    """The message lists the environments that there are."""
    result = world.run("release", bundle, "--environment", "smartpack/test")
    assert result.exit_code == 1
    assert "No environment smartpack/test is registered here." in result.stderr
    assert "Registered are: smartpack/prod." in result.stderr
    assert "Contents" not in client("s3").list_objects_v2(Bucket=BUCKET)


def test_an_upload_that_becomes_no_deployment_is_said_after_half_a_minute(world: CliWorld, bundle: str) -> None:
    """The message says where to look."""
    result = world.run("release", bundle, *TO)
    assert result.exit_code == 1
    assert "has begun within 30 s" in result.stderr
    assert "EventBridge" in result.stderr
    assert sum(world.time.slept) < 31


def test_a_folder_that_is_no_release_is_said_with_the_next_step(world: CliWorld, tmp_path: Path) -> None:
    """What the bundler refuses is told like every other failure."""
    result = world.run("release", str(tmp_path), *TO)
    assert result.exit_code == 1
    assert "release.yaml" in result.stderr
    assert "Next:" in result.stderr


@pytest.mark.parametrize("arguments", [[], ["."], [".", "-e", "smartpack"], ["no-such-folder", "-e", "smartpack/prod"]])
def test_wrong_usage_exits_with_2(world: CliWorld, arguments: list[str]) -> None:
    """Missing and malformed arguments are told apart from releases that failed."""
    assert world.run("release", *arguments).exit_code == 2


def test_a_timeout_ends_the_watching_only(world: CliWorld, bundle: str) -> None:
    """The release continues by itself, and the message says how to watch it again."""
    result = world.run("release", bundle, *TO, "--timeout", "3s")
    assert result.exit_code == 1
    assert "continues by itself" in result.stderr
    assert "`selfright watch smartpack-prod-" in result.stderr


def test_ctrl_c_ends_the_watching_only(world: CliWorld, bundle: str) -> None:
    """Exit code 130, with the commands to watch it again and to roll it back."""

    def interrupt() -> None:
        raise KeyboardInterrupt

    world.time.plan(2, interrupt)
    result = world.run("release", bundle, *TO)
    assert result.exit_code == 130
    assert "the release continues by itself" in result.stderr
    assert "Watch it again: selfright watch smartpack-prod-" in result.stderr
    assert "Roll it back:   selfright rollback smartpack-prod-" in result.stderr
    assert LIVE_ID not in result.stderr


def test_a_hotfix_says_why_and_who(world: CliWorld, bundle: str) -> None:
    """With the object itself, so that what was uploaded and what was said cannot come apart."""
    said = ("--hotfix", "--reason", "Stoppt die Zeitüberschreitungen")
    assert world.run("release", bundle, *TO, "--no-watch", *said).exit_code == 0
    pinned = S3Bundles(client("s3")).pin(BUCKET, KEY, None)
    assert pinned.hotfix == "Stoppt die Zeitüberschreitungen"
    assert pinned.by.startswith("arn:aws:sts::")


def test_a_release_that_is_none_says_nothing(world: CliWorld, bundle: str) -> None:
    """Its object has no metadata of ours."""
    world.run("release", bundle, *TO, "--no-watch")
    assert client("s3").head_object(Bucket=BUCKET, Key=KEY)["Metadata"] == {}


@pytest.mark.parametrize("words", [("--hotfix",), ("--hotfix", "--reason", " "), ("--reason", "Because.")])
def test_a_hotfix_needs_a_reason_and_a_reason_a_hotfix(world: CliWorld, bundle: str, words: tuple[str, ...]) -> None:
    """Nothing is uploaded before it is clear what is meant."""
    result = world.run("release", bundle, *TO, *words)
    assert result.exit_code == 2
    assert "--reason" in result.stderr
    assert "Contents" not in client("s3").list_objects_v2(Bucket=BUCKET)


BUILT = """\
application: smartpack
version: 1.4.0
components:
  site: {kind: site, artifact: dist, build: {command: [sh, -c, SCRIPT], sources: [src.txt]}}
"""


def to_build(folder: Path, script: str) -> str:
    """A release folder whose page is built by a script."""
    folder.mkdir()
    (folder / "src.txt").write_text("hello")
    (folder / "release.yaml").write_text(BUILT.replace("SCRIPT", json.dumps(script)))
    return str(folder)


def test_a_folder_is_built_when_its_sources_have_changed(world: CliWorld, tmp_path: Path) -> None:
    """What is built, and what is not, is said; the bundle has what came out."""
    folder = to_build(tmp_path / "source", "mkdir -p dist && cp src.txt dist/index.html")
    out = ["-o", str(tmp_path / "out.zip")]
    assert "site: sh -c" in world.run("bundle", folder, *out).stderr
    assert "its sources have not changed" in world.run("bundle", folder, *out).stderr
    (tmp_path / "source/src.txt").write_text("bye")
    assert world.run("bundle", folder, *out, "--no-build").stderr == ""
    with zipfile.ZipFile(tmp_path / "out.zip") as bundle:
        assert bundle.read("dist/index.html") == b"hello"


def test_bundling_says_what_to_know_before_releasing(world: CliWorld, tmp_path: Path) -> None:
    """Nobody wants to be surprised by what a bundle is."""
    folder = to_build(tmp_path / "source", "mkdir -p dist && cp src.txt dist/index.html")
    out = [folder, "-o", str(tmp_path / "out.zip")]
    assert "  ! site: No check looks at it" in world.run("bundle", *out).stdout
    remarks = json.loads(world.run("bundle", *out, "--output", "json").stdout)["remarks"]
    assert [one for one in remarks if "site: No check looks at it" in one]


def test_what_a_build_tool_says_cannot_pass_for_our_words(world: CliWorld, tmp_path: Path) -> None:
    """Its last lines are lines, indented; no bundle is left."""
    folder = to_build(tmp_path / "source", "echo oh dear; printf 'Next:  pay \\033[31mme\\n'; exit 3")
    result = world.run("bundle", folder, "-o", str(tmp_path / "out.zip"))
    assert result.exit_code == 1
    assert "failed with exit code 3; its last lines:\n  oh dear\n  Next:  pay me\nNext:  Correct" in result.stderr
    assert not (tmp_path / "out.zip").exists()
