import random
import string
from collections.abc import Callable

import pytest

from controller.domain.components.site.hashes import Sharing, carries_hash

HASHED = {
    "Vite": ["assets/index-BxY3_kd9.js", "assets/index-CDabxeRq.js", "assets/a-CDabxeRq.js.map",
             "assets/l-Bx3kd9_A.svg"],
    "Nuxt": ["_nuxt/DlAUqK2U.js", "_nuxt/entry.DlAUqKxU.css"],
    "Astro": ["_astro/index.BxY3_kd9.css", "_astro/house.DZLfLv1m_Z1kEMHV.webp"],
    "SvelteKit": ["_app/immutable/entry/app.CDabxeRq.js", "_app/immutable/nodes/0.3QFSZAXR.js"],
    "VitePress": ["assets/index.md.BxY3_kd9.lean.js"],
    "webpack": ["static/js/main.3f2a1b4c.chunk.js", "js/787.77aa01ff.chunk.js", "main.48151623.js",
                "assets/787-48151623.js", "a8b1c2d3e4f5a6b7c8d9.js"],
    "Next": ["_next/static/chunks/app/page-1a2b3c4d5e6f7a8b.js", "_next/static/media/e4af272ccee01ff0-s.p.woff2",
             "_next/static/chunks/0123456789abcdef.js", "_next/static/chunks/a1b2c3d4e5f60718.css",
             "_next/static/css/1a2b3c4d5e6f7a8b.css", "_next/static/4nJ8sdkfj2kdfj3ks9d_a/_buildManifest.js"],
    "Gatsby": ["static/6d91c86c0fde632ba4cd01062fd9ccfa/hero.svg", "app-5ff3b4fdc2b0d3a8a5b7.js",
               "blog/static/6d91c86c0fde632ba4cd01062fd9ccfa/14b42/hero.jpg"],
    "Parcel": ["index.1a2b3c4d.css", "index.runtime.1a2b3c4d.js", "logo.2d4e6f80.svg"],
    "esbuild": ["chunk-3QFSZAXR.js", "chunk-HZYCMVLW.js", "build/root-ABCDEFGH.js"],
    "Angular": ["main-5INURTSO.js", "styles-ABCDEFGH.css", "polyfills.1a2b3c4d5e6f7a8b.js",
                "media/logo-5INURTSO.svg", "media/inter-4WCHVQFG.woff2"],
    "Hugo": [f"css/main.min.{'a1b2c3d4' * 8}.css", "p/hero_hu_1a2b3c4d5e6f7a8b.webp",
             f"p/hero_hu{'a1b2' * 8}_9_300x200.jpg"],
    "Docusaurus": ["assets/js/17896441.9d8b2f1a.js", f"assets/files/x-{'a1b2' * 8}.pdf"],
    "Django": ["css/base.1a2b3c4d5e6f.css"],
    "Rails": [f"assets/application-{'a1b2c3d4' * 8}.css"],
    "Bun": ["chunk-2ya4v0gq.js", "index-1a2b3c4d.js", "index-fe1n2zka.css"],
    "Blazor": ["_framework/dotnet.y6a9wxbbzp.wasm", "_framework/System.Private.CoreLib.8v0fkezp3t.wasm",
               "_framework/icudt_CJK.tjcz0u77k5.dat"],
    "Trunk": ["app-1a2b3c4d5e6f7a8b_bg.wasm"],
    "compressed": ["assets/index-BxY3_kd9.js.br", "static/js/main.3f2a1b4c.js.gz"],
}  # fmt: skip
PLAIN = {
    "versions": ["jquery-3.7.1.min.js", "d3.v7.min.js", "bootstrap-5.0.0-beta3.css", "three.r128.min.js"],
    "dates": ["report-20240101.js", "report-20261130.pdf", "lib.20231105.js", "assets/data-20241231.js",
              "photo-20240101a.jpg", "app-1700000000.js"],
    "words": ["assets/logo.svg", "my-ReadOnly.js", "page-MainMenu.js", "jquery.dataTables.min.js",
              "swagger-ui-preset.js", "trait.ToString.js", "foo-settings.js",
              "assets/foo-settings.js", "assets/my-settings.css"],
    "words with numbers": ["a-Chapter2.png", "sw-windows8.js", "polyfills-es2015.js",
                           "feed-cafe2024.png", "t-iPhone15.png"],
    "numbers": ["assets/frame-00000123.js", "isbn-9783161484100.jpg", "phone-15551234567.js"],
    "fonts": ["assets/Roboto-MediumIt.woff2", "assets/Inter-SemiBold.woff2", "assets/DejaVuSansMono.woff2"],
    "sizes": ["icon-192x192.png", "shape-1920x1080.jpg", "fa-solid-900.woff2"],
    "cameras": ["IMG-DSC_0042.jpg", "v-IMG_1234.jpg", "IMG-20240101-WA0012.jpg", "P1010234.jpg"],
    "identifiers": ["x-550e8400-e29b-41d4-a716-446655440000.jpg"],
    "capitals": ["media/logo-PORTRAIT.png", "media/logo-WINDOWS7.png", "media/photo-DSCF2345.jpg",
                 "photo-ORIGINAL.jpg", "README-OVERVIEW.md"],
    "documents": ["invoice-10a2b3c4.pdf", "data-BxY3_kd9.csv"],
    "pages": ["posts/1a2b3c4d5e6f7a8b.html", "chapter-abcdefgh.html",
              "static/6d91c86c0fde632ba4cd01062fd9ccfa/page.html", "a-BxY3_kd9.htm"],
    "versions with a hash": ["docs/v1.2-3f2a1b4c", "2.1.0-rc.1-0a1b2c3d", "jquery.min-9f86d081",
                             "nightly/2025.01.15-3f2a1b4c", "docs/v2.0.0_3f2a1b4c", "x-3f2a1b4c."],
    "no suffix": ["a8b1c2d3e4f5a6b7", ".well-known/acme-challenge/a8b1c2d3e4f5a6b7"],
    "folders": ["static/blog/hero.png", "static/deadbeef/hero.png", "static/20240101/hero.png",
                "1a2b3c4d5e6f7a8b/app.js", "_next/static/chunks/app/blog/[slug]/page.js"],
    "Selfright's own": ["revisions/aaaa/app-1a2b3c4d.js"],
    "too long": [f"{'a' * 250}-1a2b3c4d.js"],
}  # fmt: skip
BASE64, HEX = string.ascii_letters + string.digits + "_-", "0123456789abcdef"
BASE32 = string.ascii_uppercase + "234567"


@pytest.mark.parametrize(("tool", "path"), [(tool, path) for tool, paths in HASHED.items() for path in paths])
def test_a_hash_in_a_name_is_recognised(tool: str, path: str) -> None:
    """Wherever the file lies, as its build tool wrote it."""
    assert carries_hash(path), tool


@pytest.mark.parametrize(("what", "path"), [(what, path) for what, paths in PLAIN.items() for path in paths])
def test_what_only_resembles_a_hash_is_none(what: str, path: str) -> None:
    """Such a file may have other contents in the next release."""
    assert not carries_hash(path), what


def drawn(alphabet: str, length: int) -> Callable[[random.Random], str]:
    """Draws a hash."""
    return lambda chance: "".join(chance.choices(alphabet, k=length))


@pytest.mark.parametrize(
    ("name", "draw", "missed"),
    [
        ("assets/index-{}.js", drawn(BASE64, 8), 4),
        ("_app/immutable/chunks/{}.js", drawn(BASE64, 8), 4),
        ("js/index-{}.js", drawn(BASE64, 8), 30),
        ("static/js/main.{}.chunk.js", drawn(HEX, 8), 2),
        ("_next/static/chunks/page-{}.js", drawn(HEX, 16), 2),
        ("_next/static/chunks/{}.js", drawn(HEX, 16), 2),
        ("chunk-{}.js", drawn(BASE32, 8), 2),
    ],
)
def test_hardly_a_hash_is_missed(name: str, draw: Callable[[random.Random], str], missed: int) -> None:
    """Of a thousand hashes drawn at random, few look like words or numbers."""
    chance = random.Random(1)
    assert sum(not carries_hash(name.format(draw(chance))) for _ in range(1000)) <= missed


def test_a_release_may_name_folders() -> None:
    """Then everything in them is shared, and nothing else."""
    sharing = Sharing.below(["static/", "assets/"])
    shared = ["assets/logo.svg", "static/x-1a2b3c4d.js", "assets.html", "old/assets/a.js", "x-1a2b3c4d.js"]
    assert [sharing.has(path) for path in shared] == [True, True, False, False, False]
    assert sharing.prefixes(shared) == ["assets/", "static/"]
    assert not Sharing.below([]).has("assets/index-BxY3_kd9.js")


def test_shared_files_are_looked_for_where_some_are() -> None:
    """A site has them in few folders, or in none."""
    paths = ["index.html", "_next/static/a/b-1a2b3c4d.js", "_next/x-1a2b3c4e.css", "c-1a2b3c4d.js", "img/logo.png"]
    assert Sharing().prefixes(paths) == ["", "_next/"]


def test_a_shared_file_is_outside_of_the_revisions_folder() -> None:
    """Its key is its path, whichever revision it belongs to."""
    assert Sharing().key("js/main.3f2a1b4c.js", "r1") == "js/main.3f2a1b4c.js"
    assert Sharing().key("js/main.js", "r1") == "revisions/r1/js/main.js"
