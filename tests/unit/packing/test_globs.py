import pytest

from selfright.packing.globs import matches


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("*.map", "a/b.map"),
        ("docs/*.md", "docs/a.md"),
        ("/a.txt", "a.txt"),
        ("drafts/**", "drafts/a/b"),
        ("**/x.js", "x.js"),
        ("**/x.js", "a/b/x.js"),
        ("a/**/b", "a/b"),
        ("a/**/b", "a/c/d/b"),
        ("app/[slug]/*", "app/[slug]/page.js"),
        ("a?.js", "ab.js"),
    ],
)
def test_what_a_pattern_matches(pattern: str, path: str) -> None:
    """A name anywhere, a path from the root; brackets are brackets."""
    assert matches(pattern, path, is_folder=False)


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("docs/*.md", "docs/x/a.md"),
        ("docs/*.md", "more/docs/a.md"),
        ("/a.txt", "b/a.txt"),
        ("drafts/", "drafts"),
        ("drafts/**", "drafts"),
        ("*.map", "a.MAP"),
        ("a?.js", "a/.js"),
    ],
)
def test_what_a_pattern_does_not_match(pattern: str, path: str) -> None:
    """A star stays within one name, and a pattern that ends with a slash is a folder's."""
    assert not matches(pattern, path, is_folder=False)


def test_a_pattern_that_ends_with_a_slash_is_a_folder_anywhere() -> None:
    """As version control reads it."""
    assert matches("drafts/", "posts/drafts", is_folder=True)
