import io
import os
import zipfile
from pathlib import Path

import pytest

from controller.domain.bundle.archive import BundleArchive
from controller.domain.components.site.artifact import SiteArtifact
from controller.errors import InvalidBundleError
from selfright.bundling.bundle import make_bundle, verify_bundle
from selfright.packing.no_secrets import NoSecrets
from tests.builders import a_zip

MANIFEST = """\
application: smartpack
version: 1.10
description: Packing for Tromsø
components:
  api: {kind: function, artifact: api/, handler: app.handler}
  site: {kind: site, artifact: build/site}
"""
KEY = "-----BEGIN PRIVATE KEY-----\nMIIE\n"
CERTIFICATE = "-----BEGIN CERTIFICATE-----\nMIIE\n"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A source folder as people have it."""
    folder = tmp_path / "source"
    write(folder / "release.yaml", MANIFEST)
    write(folder / "api/app.py", "def handler(event, context): ...")
    write(folder / "api/packing/__init__.py", "")
    write(folder / "build/site/index.html", "<title>SmartPack</title>" * 20)
    write(folder / "build/site/assets/app-1a2b.js", "console.log()")
    write(folder / "build/site/logo.png", "\x89PNG" * 100)
    return folder


def write(path: Path, text: str) -> None:
    """A file with its folders."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def bundle(source: Path, name: str = "out.zip") -> Path:
    """The bundle, made next to the source folder."""
    return make_bundle(source, source.parent / name)


def refusal(source: Path) -> str:
    """Why the source is refused; nothing is left behind then."""
    with pytest.raises(InvalidBundleError) as caught:
        bundle(source)
    assert caught.value.next_step
    assert [
        path.name for path in source.parent.iterdir() if path != source and not path.name.startswith("outside")
    ] == []
    return caught.value.reason


def names_of(path: Path) -> list[str]:
    """The names in a zip, in their order."""
    with zipfile.ZipFile(path) as archive:
        return archive.namelist()


def test_a_bundle_is_what_the_controller_takes(source: Path) -> None:
    """Manifest, function and site are in it, and all digests are right."""
    release = verify_bundle(bundle(source))
    assert (release.application, release.version, release.description) == ("smartpack", "1.10", "Packing for Tromsø")
    assert {name: component.artifact for name, component in release.components.items()} == {
        "api": "api.zip",
        "site": "build/site",
    }


def test_the_order_is_fixed_and_the_manifest_comes_last(source: Path) -> None:
    """A reader finds manifest and directory in one place."""
    assert names_of(bundle(source)) == [
        "api.zip",
        "build/site/assets/app-1a2b.js",
        "build/site/index.html",
        "build/site/logo.png",
        "build/site.index.json",
        "release.yaml",
    ]


def test_the_same_folder_gives_the_same_bytes(source: Path) -> None:
    """Time stamps and the order of making do not matter."""
    first = bundle(source).read_bytes()
    for path in source.rglob("*"):
        os.utime(path, (1, 1))
    (source / "api/app.py").rename(source / "api/x")
    (source / "api/x").rename(source / "api/app.py")
    assert bundle(source, "again.zip").read_bytes() == first


def test_other_contents_give_another_release(source: Path) -> None:
    """One changed character is another digest."""
    before = digests(bundle(source))
    write(source / "build/site/index.html", "<title>New</title>")
    after = digests(bundle(source))
    assert before["api"] == after["api"]
    assert before["site"] != after["site"]


def digests(path: Path) -> dict[str, str]:
    """Component → digest."""
    return {name: component.digest for name, component in verify_bundle(path).components.items()}


def test_what_is_packed_already_is_stored(source: Path) -> None:
    """Images are not compressed in vain, and the function's zip can be read in place."""
    with zipfile.ZipFile(bundle(source)) as archive:
        methods = {info.filename: info.compress_type for info in archive.infolist()}
    assert methods["api.zip"] == methods["build/site/logo.png"] == zipfile.ZIP_STORED
    assert methods["build/site/index.html"] == zipfile.ZIP_DEFLATED


def test_the_index_tells_the_files_of_the_site(source: Path) -> None:
    """The index lists paths within the site."""
    with bundle(source).open("rb") as file:
        archive = BundleArchive(file)
        site = archive.manifest().components["site"]
        assert isinstance(site, SiteArtifact)
        assert set(site.read_index(archive).files) == {"assets/app-1a2b.js", "index.html", "logo.png"}


def test_programs_stay_executable(source: Path) -> None:
    """A custom runtime's `bootstrap` must be executable in Lambda; all else is not."""
    write(source / "api/bootstrap", "#!/bin/sh")
    (source / "api/bootstrap").chmod(0o700)
    with zipfile.ZipFile(bundle(source)) as archive, zipfile.ZipFile(io.BytesIO(archive.read("api.zip"))) as code:
        modes = {info.filename: oct(info.external_attr >> 16) for info in code.infolist()}
    assert modes == {"app.py": "0o100644", "bootstrap": "0o100755", "packing/__init__.py": "0o100644"}


def test_version_and_application_can_be_given(source: Path) -> None:
    """A pipeline knows the version better than the file."""
    path = make_bundle(source, source.parent / "x.zip", application="other", version="2.0.0")
    release = verify_bundle(path)
    assert (release.application, release.version) == ("other", "2.0.0")


@pytest.mark.parametrize("output", [None, "."])
def test_a_bundle_is_named_after_its_release(source: Path, monkeypatch: pytest.MonkeyPatch, output: str | None) -> None:
    """Without a file name it is `<application>-<version>.zip`."""
    monkeypatch.chdir(source.parent)
    assert make_bundle(source, Path(output) if output else None) == Path("smartpack-1.10.zip")


def test_a_bundle_can_be_made_over_an_older_one(source: Path) -> None:
    """The new bundle takes the place of the old one, and nothing else is left in the folder."""
    bundle(source)
    write(source / "api/app.py", "new")
    verify_bundle(bundle(source))
    assert sorted(path.name for path in source.parent.iterdir()) == ["out.zip", "source"]


def test_a_function_may_be_a_zip_already(source: Path) -> None:
    """What another tool has built is taken as it is."""
    (source / "api.zip").write_bytes(a_zip({"app.py": b""}))
    write(source / "release.yaml", MANIFEST.replace("api/,", "api.zip,"))
    with zipfile.ZipFile(bundle(source)) as archive:
        assert archive.read("api.zip") == (source / "api.zip").read_bytes()


def with_settings(source: Path, text: str) -> Path:
    """The source with a component of kind `parameters`."""
    write(source / "settings.yaml", text)
    write(source / "release.yaml", f"{MANIFEST}  settings: {{kind: parameters, artifact: settings.yaml}}\n")
    return source


def test_parameters_go_into_the_bundle_as_they_are(source: Path) -> None:
    """The file is not rewritten, and its digest is in the manifest."""
    path = bundle(with_settings(source, "# Copy\nGREETING: Hello\n"))
    with zipfile.ZipFile(path) as archive:
        assert archive.read("settings.yaml") == b"# Copy\nGREETING: Hello\n"
    assert digests(path)["settings"].startswith("sha256:")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DB_PASSWORD", "hunter2"),
        ("OPENAI_API_KEY", "hunter2"),
        ("clientSecret", "hunter2"),
        ("GITHUB_TOKEN", "hunter2"),
        ("AWS", "AKIAIOSFODNN7EXAMPLE"),
        ("OPENAI", f"sk-{'a' * 40}"),
        ("CERT", KEY.replace("\n", " ").strip()),
    ],
)
def test_a_parameter_that_looks_like_a_secret_is_refused(source: Path, name: str, value: str) -> None:
    """By its name or by its value; the message names it and shows no value."""
    reason = refusal(with_settings(source, f"{name}: '{value}'"))
    assert f"`{name}` in " in reason
    assert "looks like a secret" in reason
    assert value not in reason


@pytest.mark.parametrize("text", ["MAX_TOKENS: 500", "KEYBOARD: de", "TOKEN_LIFETIME: 3600", "PRIMARY_KEY: id"])
def test_a_harmless_parameter_is_taken(source: Path, text: str) -> None:
    """Names that only resemble those of secrets."""
    verify_bundle(bundle(with_settings(source, text)))


def test_a_parameter_that_only_looks_like_a_secret_can_be_allowed(source: Path) -> None:
    """By its name."""
    with_settings(source, "PASSWORD_RULES: ten letters")
    verify_bundle(make_bundle(source, source.parent / "out.zip", allowed=NoSecrets(["PASSWORD_RULES"])))


def test_parameters_must_be_a_file(source: Path) -> None:
    """A folder or nothing is told before anything is bundled."""
    with_settings(source, "A: 1")
    (source / "settings.yaml").unlink()
    assert "settings.yaml' does not exist" in refusal(source)
    (source / "settings.yaml").mkdir()
    assert "settings.yaml' is not a file" in refusal(source)


def test_what_tools_leave_behind_is_left_out(source: Path) -> None:
    """Caches and version control are no part of an application."""
    for path in ("__pycache__/app.pyc", ".git/config", ".DS_Store", "app.pyc"):
        write(source / "api" / path, "x")
    with zipfile.ZipFile(bundle(source)) as archive, zipfile.ZipFile(io.BytesIO(archive.read("api.zip"))) as code:
        assert code.namelist() == ["app.py", "packing/__init__.py"]


@pytest.mark.parametrize("path", [".env", ".env.production", "certs/id_rsa", ".aws/credentials", "a.p12", ".npmrc"])
def test_what_looks_like_a_secret_is_refused(source: Path, path: str) -> None:
    """A bundle can be read by everybody who can deploy."""
    write(source / "api" / path, "x")
    assert "looks like a secret" in refusal(source)


def test_all_secrets_of_a_function_are_said_at_once(source: Path) -> None:
    """With the words that allow them."""
    for path in (".env", "certs/id_rsa"):
        write(source / "api" / path, "x")
    with pytest.raises(InvalidBundleError, match=r"everybody who can deploy") as caught:
        bundle(source)
    assert "--allow .env --allow certs/id_rsa" in caught.value.next_step


def test_a_private_key_is_told_from_a_certificate(source: Path) -> None:
    """Libraries bring certificates, which are public."""
    write(source / "api/cacert.pem", CERTIFICATE)
    write(source / "api/.env.example", "KEY=")
    bundle(source).unlink()
    write(source / "api/server.pem", KEY)
    assert "server.pem' looks like a secret" in refusal(source)


def test_what_only_looks_like_a_secret_can_be_allowed(source: Path) -> None:
    """By path or pattern, within the artifact's folder."""
    write(source / "api/tests/server.key", KEY)
    verify_bundle(make_bundle(source, source.parent / "out.zip", allowed=NoSecrets(["tests/*.key"])))


def test_a_link_within_the_folder_is_followed(source: Path) -> None:
    """Links to files and folders become what they lead to."""
    (source / "build/site/copy.html").symlink_to("index.html")
    (source / "build/site/static").symlink_to("assets")
    names = names_of(bundle(source))
    assert {"build/site/copy.html", "build/site/static/app-1a2b.js"} <= set(names)


def test_a_link_out_of_the_folder_is_refused(source: Path) -> None:
    """A bundle carries only what is in its folder."""
    write(source.parent / "outside.txt", "x")
    (source / "api/link").symlink_to(source.parent / "outside.txt")
    assert "leads out of the folder" in refusal(source)


def test_an_artifact_that_is_a_link_out_of_the_source_is_refused(source: Path) -> None:
    """The artifacts themselves are in the source folder as well."""
    write(source.parent / "outside/app.py", "x")
    (source / "code").symlink_to(source.parent / "outside")
    write(source / "release.yaml", MANIFEST.replace("api/,", "code,"))
    assert "leads out of" in refusal(source)


@pytest.mark.parametrize(
    ("target", "reason"), [("nowhere", "leads nowhere"), ("..", "in a circle"), ("self", "in a circle")]
)
def test_a_link_that_leads_nowhere_or_back_is_refused(source: Path, target: str, reason: str) -> None:
    """Broken links and circles are told apart."""
    (source / "api/packing/self").symlink_to(target)
    assert reason in refusal(source)


def test_all_links_of_a_site_that_cannot_be_used_are_named_at_once(source: Path) -> None:
    """Nobody wants to correct them one after the other."""
    (source / "build/site/gone").symlink_to("nowhere")
    (source / "build/site/lost").symlink_to("nowhere")
    said = refusal(source)
    assert "gone' leads nowhere" in said
    assert "lost' leads nowhere" in said


def test_a_name_that_is_nearly_right_is_noticed(source: Path) -> None:
    """Of the manifest, and of an artifact."""
    write(source / "release.yaml", MANIFEST.replace("build/site", "build/sites"))
    assert "does not exist (there is 'site')" in refusal(source)
    (source / "release.yaml").rename(source / "release.yml")
    assert "cannot be read: No such file or directory (there is 'release.yml')" in refusal(source)


def test_a_special_file_is_refused(source: Path) -> None:
    """A pipe would never end."""
    os.mkfifo(source / "api/pipe")
    assert "is not a plain file" in refusal(source)


def test_names_that_collide_elsewhere_are_refused(source: Path) -> None:
    """What is two files here may be one on another machine."""
    write(source / "build/site/Index.html", "x")
    assert "where case or accents do not count" in refusal(source)


@pytest.mark.parametrize("name", ["back\\slash", "new\nline"])
def test_names_that_do_not_travel_are_refused(source: Path, name: str) -> None:
    """Names are checked where the file can still be found."""
    write(source / "api" / name, "x")
    assert "Rename" not in (reason := refusal(source))
    assert "api/" in reason


REFUSED = {
    "missing folder": ("artifact: api/", "artifact: lambda", "lambda' does not exist"),
    "folder is a file": ("artifact: build/site", "artifact: build/site/index.html", "is not a folder"),
    "function is no zip": ("artifact: api/", "artifact: api/app.py", "'api/app.py' is not a zip file"),
    "out of the source": ("artifact: api/", "artifact: ../api", "leads out of the bundle"),
    "unknown key": ("handler:", "handle:", "did you mean 'handler'?"),
    "no version": ("version: 1.10", "", "`version` is missing"),
    "one in the other": ("artifact: api/", "artifact: build", "overlaps"),
    "zip in the site": ("artifact: build/site}", "artifact: api.zip}", "does not exist"),
}


@pytest.mark.parametrize(("old", "new", "reason"), REFUSED.values(), ids=REFUSED)
def test_mistakes_in_the_source_are_explained(source: Path, old: str, new: str, reason: str) -> None:
    """The same sentences as the controller's, before anything is uploaded."""
    write(source / "release.yaml", MANIFEST.replace(old, new))
    assert reason in refusal(source)


def test_a_folder_without_files_is_refused(source: Path) -> None:
    """Probably the build has not run."""
    write(source / "release.yaml", MANIFEST.replace("api/,", "empty,"))
    (source / "empty").mkdir()
    assert "has no files" in refusal(source)


def test_a_folder_without_a_manifest_is_refused(tmp_path: Path) -> None:
    """The message names the file that was looked for."""
    with pytest.raises(InvalidBundleError, match=r"release\.yaml' cannot be read: No such file"):
        make_bundle(tmp_path, tmp_path / "x.zip")


def test_a_bundle_is_not_written_into_what_it_is_made_of(source: Path) -> None:
    """The next one would contain it."""
    with pytest.raises(InvalidBundleError, match="would be inside"):
        make_bundle(source, source / "build/site/out.zip")


MANY = """\
application: shop
version: "1"
components:
  get: {kind: function, artifact: dist, handler: get.handler, runtime: nodejs22.x}
  list: {kind: function, artifact: dist/, handler: list.handler}
  own: {kind: function, artifact: dist, handler: put.handler, runtime: provided.al2023}
"""


def test_many_functions_of_one_package_share_it(source: Path) -> None:
    """The bundle holds the code once, and every function has its own settings."""
    write(source / "dist/get.js", "exports.handler = 1")
    write(source / "release.yaml", MANY)
    path = bundle(source)
    assert names_of(path) == ["dist.zip", "release.yaml"]
    components = verify_bundle(path).components
    assert {one.artifact for one in components.values()} == {"dist.zip"}
    assert len({one.digest for one in components.values()}) == 1
    assert [one.model_dump()["handler"] for one in components.values()] == [
        "get.handler",
        "list.handler",
        "put.handler",
    ]


def test_a_shared_package_is_checked_for_each_of_its_functions(source: Path) -> None:
    """What one function of it may have, another could not start."""
    (source / "dist.zip").write_bytes(a_zip({"bootstrap": b"#!/bin/sh", "get.js": b""}))
    write(source / "release.yaml", MANY.replace("dist/", "dist").replace("artifact: dist", "artifact: dist.zip"))
    assert "'bootstrap' in 'dist.zip' is not executable" in refusal(source)
    write(source / "release.yaml", MANIFEST.replace("api/,", "dist.zip, runtime: nodejs22.x,"))
    verify_bundle(bundle(source))
