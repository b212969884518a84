"""The runtimes that AWS Lambda no longer lets anybody update, and those that AWS supports no longer.

From the tables of "Lambda runtimes" in AWS's documentation, as of November 2026, by way of cfn-lint's copy of them. AWS
has often postponed the day on which it stops updates, so only days that have passed for years refuse a release.
"""

from difflib import get_close_matches

GONE = {
    "dotnetcore1.0": "2019-07-30",
    "dotnetcore2.0": "2019-05-30",
    "dotnetcore2.1": "2022-04-13",
    "dotnetcore3.1": "2023-05-03",
    "nodejs": "2016-10-31",
    "nodejs10.x": "2022-02-14",
    "nodejs12.x": "2023-04-30",
    "nodejs4.3": "2020-03-05",
    "nodejs4.3-edge": "2019-04-30",
    "nodejs6.10": "2019-08-12",
    "nodejs8.10": "2020-03-06",
    "python2.7": "2022-05-30",
    "python3.6": "2022-08-29",
    "ruby2.5": "2022-03-31",
}
"""Runtime → the day since which Lambda refuses to update functions with it."""
DEPRECATED = {
    "dotnet6": "2024-12-20",
    "dotnet8": "2026-11-10",
    "go1.x": "2024-01-08",
    "java8": "2024-01-08",
    "nodejs14.x": "2023-12-04",
    "nodejs16.x": "2024-06-12",
    "nodejs18.x": "2025-09-01",
    "nodejs20.x": "2026-04-30",
    "provided": "2024-01-08",
    "provided.al2": "2026-07-31",
    "python3.10": "2026-10-31",
    "python3.7": "2023-12-04",
    "python3.8": "2024-10-14",
    "python3.9": "2025-12-15",
    "ruby2.7": "2023-12-07",
    "ruby3.2": "2026-03-31",
}
"""Runtime → the day since which AWS corrects nothing in it."""
CURRENT = frozenset(
    {
        *("dotnet10", "java11", "java11.al2023", "java17", "java17.al2023", "java21", "java25", "java8.al2"),
        *("java8.al2023", "nodejs22.x", "nodejs24.x", "nodejs26.x", "provided.al2023", "python3.11", "python3.12"),
        *("python3.13", "python3.14", "python3.15", "ruby3.3", "ruby3.4", "ruby4.0"),
    }
)
"""The other runtimes that AWS's own description of Lambda names."""
RUNTIME_ADVICE = "Set `runtime` of the component to a newer one."


def why_gone(runtime: str) -> str:
    """Why Lambda would refuse to update a function with this runtime, as a sentence; "" when it would not."""
    since = GONE.get(runtime)
    return (
        f"the runtime {runtime} is gone: Lambda has refused to update functions with it since {since}" if since else ""
    )


def why_old(runtime: str) -> str:
    """What should be known of this runtime, as a sentence: it is deprecated, or not known; else "".

    A runtime that is not known may be newer than this list.
    """
    since = DEPRECATED.get(runtime)
    if not since:
        return _why_unknown(runtime)
    return f"The runtime {runtime} is deprecated since {since}: AWS corrects nothing in it, and will refuse updates."


def _why_unknown(runtime: str) -> str:
    if not runtime or runtime in CURRENT:
        return ""
    close = get_close_matches(runtime, sorted(CURRENT), n=1)
    meant = f" Is {close[0]} meant?" if close else ""
    return f"The runtime {runtime} is not known to this version of Selfright: if Lambda has none, staging fails.{meant}"
