"""Whether a package has the file that its handler names, as far as names can say."""

from collections.abc import Collection, Iterator
from pathlib import PurePosixPath

_PYTHON, _NODE, _RUBY = (".py", ".pyc", ".so"), (".js", ".mjs", ".cjs", ".ts"), (".rb",)
_SUFFIXES = (*_PYTHON, *_NODE, *_RUBY)


def remarks_on_handler(handler: str, runtime: str | None, names: Collection[str]) -> Iterator[str]:
    """What is said of a handler without a file in the package; a layer may bring it."""
    suffixes = _suffixes(runtime, names)
    if not suffixes or "::" in handler or handler.startswith("/"):
        return
    if "." not in handler:
        yield f"The handler '{handler}' names no function: Lambda calls `file.function`."
        return
    paths = set(_paths(handler))
    if not any(_begins(name, paths, suffixes) for name in names):
        files = " or ".join(sorted(f"{path}{suffixes[0]}" for path in paths))
        yield f"The package has no file for the handler '{handler}', such as {files}: a layer must bring it."


def _suffixes(runtime: str | None, names: Collection[str]) -> tuple[str, ...]:
    """Of what the handler's file may be; nothing when it may be in another form, or in a runtime of one's own."""
    if "bootstrap" in names:
        return ()
    if runtime:
        of = {"python": _PYTHON, "nodejs": _NODE, "ruby": _RUBY}
        return next((suffixes for language, suffixes in of.items() if runtime.startswith(language)), ())
    return tuple(one for one in _SUFFIXES if any(name.endswith(one) for name in names))


def _paths(handler: str) -> Iterator[str]:
    """The paths of the file without its ending: Node.js reads up to the first point of a name, Python to the last."""
    folder, _, name = handler.rpartition("/")
    prefix = f"{folder}/" if folder else ""
    yield f"{prefix}{name.partition('.')[0]}"
    yield f"{prefix}{name.rpartition('.')[0].replace('.', '/')}"


def _begins(name: str, paths: Collection[str], suffixes: tuple[str, ...]) -> bool:
    """Whether it is one of these files, or a package of Python."""
    place = PurePosixPath(name)
    if place.name in {"__init__.py", "__init__.pyc"}:
        return str(place.parent) in paths
    return name.endswith(suffixes) and str(place.parent / place.name.partition(".")[0]) in paths
