"""`--allow` takes what looks like a secret but is none, says what it has taken, and refuses what takes nothing."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from controller.errors import InvalidBundleError
from selfright.cli import main
from selfright.packing.no_secrets import NoSecrets
from tests.cli_world import CliWorld

RELEASE = "application: shop\nversion: 1.0.0\ncomponents:\n  web: {kind: site, artifact: web}\n"


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A release folder below the current folder, whose site has two files that look like secrets."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "shop"
    for path in ("index.html", "db/one.sql", "db/old/two.sql"):
        (folder / "web" / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / "web" / path).write_text("x")
    (folder / "release.yaml").write_text(RELEASE)
    return folder


def bundle(*allowed: str) -> Result:
    """Run `selfright bundle shop`."""
    options = [word for one in allowed for word in ("--allow", one)]
    return CliRunner().invoke(main, ["bundle", "shop", *options], catch_exceptions=False)


@pytest.mark.parametrize(
    "pattern", ["db", "db/", "./db", "db/*", "*.sql", "shop/web/db", "./shop/web/db/", "{}/shop/web/db"]
)
def test_a_folder_takes_all_that_is_in_it(source: Path, pattern: str) -> None:
    """Written as a path within the component's folder, as one from the current folder, or from the root."""
    shown = bundle(pattern.format(source.parent))
    assert shown.exit_code == 0, shown.output
    assert "db/one.sql" in shown.stderr
    assert "db/old/two.sql" in shown.stderr


@pytest.mark.parametrize("pattern", ["db/one.sql", "shop/web/db/one.sql", "{}/shop/web/db/one.sql"])
def test_a_file_takes_only_itself(source: Path, pattern: str) -> None:
    """The path that the refusal prints is one of them."""
    refused = bundle(pattern.format(source.parent))
    assert refused.exit_code == 1
    assert "'shop/web/db/old/two.sql' looks like a secret" in refused.stderr
    assert "one.sql" not in refused.stderr


@pytest.mark.parametrize("pattern", ["db/three.sql", "index.html", "web", "*/shop", "sho?"])
def test_a_pattern_that_takes_nothing_is_refused(source: Path, pattern: str) -> None:
    """It is mistyped, or what it was for is gone. The names of folders above the component's are no matches."""
    assert source.exists()
    refused = bundle("db", pattern)
    assert refused.exit_code == 1
    assert f"`--allow {pattern}` matches nothing that looks like a secret" in refused.stderr
    assert "a path within the component's folder" in refused.stderr


def test_a_name_with_brackets_is_taken_as_it_is_written() -> None:
    """Frameworks have such names, and the refusal prints them."""
    assert NoSecrets(["app/[id]/server.key"]).file("app/[id]/server.key", Path("web/app/[id]/server.key"))


def test_what_was_taken_is_said_in_a_line_for_each_pattern() -> None:
    """At most ten of each; a setting with its place."""
    allowed = NoSecrets(["*.sql", "DB_*"])
    for number in range(12):
        assert allowed.file(f"{number}.sql", Path(f"web/{number}.sql"))
    assert allowed.setting("DB_TOKEN", "`components.api.variables`")
    assert not allowed.setting("MAIL_TOKEN", "`components.api.variables`")
    files, settings = allowed.said()
    assert files == f"No secret, as --allow *.sql says: {', '.join(f'{one}.sql' for one in range(10))} and 2 more"
    assert settings == "No secret, as --allow DB_* says: DB_TOKEN in `components.api.variables`"


def test_nothing_is_idle_that_has_taken_something() -> None:
    """Also when another pattern takes the same."""
    allowed = NoSecrets(["a.pem", "*.pem"])
    assert allowed.file("a.pem", Path("api/a.pem"))
    allowed.refuse_idle()
    with pytest.raises(InvalidBundleError, match=r"`--allow b\.pem`"):
        NoSecrets(["b.pem"]).refuse_idle()


@pytest.mark.parametrize("command", ["plan", "release"])
def test_nothing_can_be_allowed_in_a_bundle(world: CliWorld, tmp_path: Path, command: str) -> None:
    """It would do nothing: the files are in it already."""
    world.register()
    (tmp_path / "shop.zip").write_bytes(b"")
    refused = world.run(command, str(tmp_path / "shop.zip"), "-e", "smartpack/prod", "--allow", "a.pem")
    assert refused.exit_code == 1
    assert "--allow has no effect on" in refused.stderr
    assert "name the release folder" in refused.stderr
