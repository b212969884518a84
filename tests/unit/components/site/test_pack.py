import gzip
import unicodedata
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from controller.domain.bundle.archive import BundleArchive
from controller.domain.bundle.remarks import remarks_on
from controller.domain.components.site.artifact import SiteArtifact
from controller.errors import InvalidBundleError
from selfright.bundling.bundle import make_bundle
from selfright.packing.no_secrets import NoSecrets

KEY = b"-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----\n"
NFC, NFD = (unicodedata.normalize(form, "café.html") for form in ("NFC", "NFD"))


class Source:
    """A release folder with a site."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.keys = folder, ""
        self.write({"index.html": b"<!doctype html>"})

    def write(self, files: Mapping[str, bytes]) -> None:
        """Add files to the site."""
        for path, data in files.items():
            (self.folder / "web" / path).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / "web" / path).write_bytes(data)

    def bundle(self, *allowed: str) -> Path:
        """The bundle."""
        manifest = "application: shop\nversion: 1.0.0\ncomponents:\n  web: {kind: site, artifact: web%s}\n"
        (self.folder / "release.yaml").write_text(manifest % self.keys)
        return make_bundle(self.folder, self.folder / "out.zip", allowed=NoSecrets(allowed))

    def site(self) -> SiteArtifact:
        """The site in the bundle's manifest."""
        with self.bundle().open("rb") as file:
            site = BundleArchive(file).manifest().components["web"]
        assert isinstance(site, SiteArtifact)
        return site

    def files(self) -> set[str]:
        """The paths of the site's files in the bundle."""
        with zipfile.ZipFile(self.bundle()) as archive:
            return {name.removeprefix("web/") for name in archive.namelist() if name.startswith("web/")}

    def remarks(self) -> list[str]:
        """What is said of the site's files."""
        with self.bundle().open("rb") as file:
            archive = BundleArchive(file)
            said = remarks_on(archive.manifest(), archive)
        return [one for one in said if one.startswith(("web: Left", "web: No file"))]

    def refusal(self) -> InvalidBundleError:
        """Why there is no bundle."""
        with pytest.raises(InvalidBundleError) as caught:
            self.bundle()
        return caught.value


@pytest.fixture
def source(tmp_path: Path) -> Source:
    """A site with one page."""
    return Source(tmp_path)


LEFTOVERS = ["._index.html", "__MACOSX/._index.html", "Desktop.ini", "a/thumbs.DB", ".DS_Store", "index.html~",
             "key.pem.bak", ".git/config", ".gitignore", "a/.svn/entries", ".#index.html", ".terraform/x",
             ".doctrees/environment.pickle", ".buildinfo"]  # fmt: skip


@pytest.mark.parametrize("path", LEFTOVERS)
def test_a_leftover_is_left_out_and_said(source: Source, path: str) -> None:
    """What desktops, editors and version control leave in a folder never becomes public, in any case of letters."""
    source.write({path: KEY})
    assert source.files() == {"index.html"}
    assert source.remarks()[0].startswith("web: Left out of the site: ")


def test_what_is_left_out_is_counted_by_pattern(source: Source) -> None:
    """The manifest has it, however many files there are; a folder counts as one."""
    source.write({f"{number}/.DS_Store": b"x" for number in range(30)} | {"__MACOSX/a": b"", "__MACOSX/b": b""})
    assert source.site().left_out == {".DS_Store": 30, "__MACOSX": 1}
    assert source.remarks() == ["web: Left out of the site: .DS_Store (30), __MACOSX (1)."]


def test_a_leftover_does_not_make_another_revision(source: Source) -> None:
    """The same files are the same revision, whatever lies beside them."""
    before = source.site().digest
    source.write({".DS_Store": b"x"})
    assert source.site().digest == before


def test_what_belongs_to_a_site_stays(source: Source) -> None:
    """Names with a dot in front may be meant."""
    meant = {".well-known/security.txt": b"x", ".nojekyll": b"", "id_rsa.pub": b"ssh-rsa", "credentials.html": b"x",
             "cvs/ada.pdf": b"x"}  # fmt: skip
    source.write(meant)
    assert source.files() == {"index.html", *meant}
    assert source.remarks() == []


@pytest.mark.parametrize(
    "path",
    [".git-credentials", ".htpasswd", "terraform.tfstate", "a/terraform.tfstate.backup", ".kube/config", "dump.sql",
     "backup.sql.gz", "prod.tfvars", ".env", ".env.local", "prod.env", ".netrc", "id_ed25519", ".pgpass",
     "wp-config.php", ".bash_history", "credentials.json", "client_secret_1.json", "Vault.KDBX", ".aws/credentials"],
)  # fmt: skip
def test_a_secret_file_is_refused_by_its_name(source: Source, path: str) -> None:
    """Whatever is in it; the next step says how it stays out."""
    source.write({path: b"x"})
    assert "looks like a secret" in source.refusal().reason


@pytest.mark.parametrize("names", [(".env.local", "a/.netrc"), ("dump.sql", "a/notes.txt"), (".env", "notes.txt")])
def test_all_secrets_of_a_site_are_said_at_once(source: Source, names: tuple[str, str]) -> None:
    """Who can read them, and how each is allowed or stays out."""
    source.write(dict.fromkeys(names, KEY))
    refusal = source.refusal()
    assert all(name in refusal.reason for name in names)
    assert refusal.reason.endswith("and everybody can read a site")
    assert "`exclude`" in refusal.next_step
    assert all(f"--allow {name}" in refusal.next_step for name in names)


@pytest.mark.parametrize("path", ["service-account.json", "notes.txt", "docs/key.pem.txt", "app.js.map"])
def test_a_secret_is_refused_by_its_contents(source: Source, path: str) -> None:
    """Whatever its name is; the message does not show it."""
    source.write({path: b'{"private_key": "' + KEY + b'"}'})
    refusal = source.refusal()
    assert f"{path}' contains what looks like a private key" in refusal.reason
    assert "exclude" in refusal.next_step
    assert "MIIE" not in str(refusal)


def test_a_secret_in_an_archive_is_refused(source: Source) -> None:
    """Whoever loads it unpacks it."""
    source.write({"backup.txt.gz": gzip.compress(KEY)})
    assert "backup.txt.gz' contains what looks like a private key" in source.refusal().reason


@pytest.mark.parametrize("path", ["dump.sql", "example.pem"])
def test_what_only_looks_like_a_secret_can_be_allowed(source: Source, path: str) -> None:
    """By its path or a pattern."""
    source.write({path: KEY})
    source.bundle(path)


def test_what_matches_exclude_is_left_out_and_said(source: Source) -> None:
    """Files and folders, secrets too; patterns are as in version control."""
    source.write({"a.map": b"", "js/b.map": b"", "drafts/x/y.html": b"", "dump.sql": b"", "docs/index.html": b""})
    source.keys = ", exclude: ['*.map', drafts/, /dump.sql]"
    assert source.files() == {"index.html", "docs/index.html"}
    assert source.remarks() == ["web: Left out of the site: *.map (2), /dump.sql (1), drafts/ (1)."]


def test_a_pattern_that_matches_nothing_is_said(source: Source) -> None:
    """It may have a typo, and the file is public then."""
    source.keys = ", exclude: ['*.mpa']"
    assert source.remarks() == ["web: No file matches '*.mpa' under `exclude`."]


def test_where_all_is_left_out_the_patterns_are_named(source: Source) -> None:
    """The application is built: what is wrong is `exclude`."""
    source.keys = ", exclude: ['*']"
    with pytest.raises(InvalidBundleError, match="nothing is left: all of it is left out") as refused:
        source.remarks()
    assert "`exclude`" in refused.value.next_step


@pytest.mark.parametrize("pattern", ["web/private/", "/web/private", "web/private/*.html", "web/a.map"])
def test_a_pattern_that_begins_with_the_sites_folder_is_refused(source: Source, pattern: str) -> None:
    """Paths begin in that folder, and what was to stay out would be public."""
    source.write({"private/a.html": b"x", "a.map": b"x"})
    source.keys = f", exclude: ['{pattern}']"
    refusal = source.refusal()
    assert refusal.reason == f"'{pattern}' under `exclude` matches nothing: paths begin in the site's folder, 'web'"
    assert f"Write '{pattern.removeprefix('/').removeprefix('web/')}'" in refusal.next_step


def test_a_pattern_brings_nothing_back(source: Source) -> None:
    """As it would in a file of ignored names."""
    source.keys = ", exclude: ['!keep']"
    assert "`components.web.exclude.0` cannot begin with '!': name only what stays out" in source.refusal().reason


def test_a_pattern_that_leads_out_of_the_folder_is_refused(source: Source) -> None:
    """Patterns are about the site's own files."""
    source.keys = ", exclude: [../secret]"
    assert "leads out of" in source.refusal().reason


def test_decomposed_names_are_composed(source: Source) -> None:
    """Links have composed names, so this is where a browser looks; patterns may be written either way."""
    source.write({NFD: b"x"})
    assert source.files() == {"index.html", NFC}


def test_names_that_differ_only_in_how_accents_are_written_are_refused(source: Source) -> None:
    """One of two files would be lost."""
    source.write({NFD: b"x", NFC: b"y"})
    assert "how its accents are written" in source.refusal().reason


def test_a_link_to_a_secret_is_one(source: Source) -> None:
    """Whatever the link is called, and although the secret itself is left out."""
    source.write({".env": b"PASSWORD=x"})
    source.keys = ", exclude: [.env]"
    assert source.files() == {"index.html"}
    (source.folder / "web/config.txt").symlink_to(".env")
    assert "looks like a secret" in source.refusal().reason
