"""The page in a real browser, if there is one: Debian's `chromium` and `chromium-driver`, driven by plain WebDriver."""

import http.client
import json
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from app_artifacts.smartpack.serve import server

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")

pytestmark = pytest.mark.skipif(
    not (CHROMIUM and DRIVER), reason="no browser here: apt-get install chromium chromium-driver"
)

OPTIONS = {"binary": CHROMIUM, "args": ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]}

READY = "#trip button"
"""There as soon as React has rendered the form."""
FILL = """
const form = document.querySelector("#trip");
for (const [name, value] of Object.entries(arguments[0])) form.elements[name].value = value;
for (const box of form.querySelectorAll("[name=activities]")) box.checked = arguments[1].includes(box.value);
form.requestSubmit();
"""


WATCH_POLICY = """
return new Promise((done) => {
  const seen = [];
  const types = { types: ["csp-violation"], buffered: true };
  new ReportingObserver((reports) => seen.push(...reports.map((one) => one.body.effectiveDirective)), types).observe();
  setTimeout(() => done(seen), 200);
});
"""
"""What the policy has forbidden since the page was opened."""


class Browser:
    """As much of the WebDriver protocol as the tests need."""

    def __init__(self, port: int) -> None:
        self._port = port
        capabilities = {"alwaysMatch": {"browserName": "chrome", "goog:chromeOptions": OPTIONS}}
        self._session = f"/session/{self._call('POST', '/session', capabilities=capabilities)['sessionId']}"

    def open(self, url: str) -> None:
        """Load a page and wait for it."""
        self._call("POST", f"{self._session}/url", url=url)

    def run(self, script: str, *arguments: object) -> Any:  # noqa: ANN401 - whatever the script returns
        """Run JavaScript in the page."""
        return self._call("POST", f"{self._session}/execute/sync", script=script, args=arguments)

    def wait_for(self, selector: str) -> str:
        """Return the text of an element as soon as there is one."""
        self._call("POST", f"{self._session}/timeouts", implicit=10_000)
        self._call("POST", f"{self._session}/element", using="css selector", value=selector)
        return str(self.run("return document.querySelector(arguments[0]).innerText", selector))

    def resize(self, width: int, height: int) -> None:
        """Make the window as large as a phone or a screen is."""
        self._call("POST", f"{self._session}/goog/cdp/execute", cmd="Emulation.setDeviceMetricsOverride", params={
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600,
        })  # fmt: skip

    def quit(self) -> None:
        """Close the browser."""
        self._call("DELETE", self._session)

    def _call(self, method: str, path: str, **body: object) -> Any:  # noqa: ANN401 - WebDriver's JSON
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
        try:
            connection.request(method, path, json.dumps(body) if method == "POST" else None)
            value = json.loads(connection.getresponse().read())["value"]
        finally:
            connection.close()
        assert not (isinstance(value, dict) and "error" in value), value
        return value


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One headless Chromium for all tests of the page."""
    with subprocess.Popen([str(DRIVER), "--port=0"], stdout=subprocess.PIPE, text=True) as driver:
        assert driver.stdout is not None
        ready = next(line for line in driver.stdout if "started successfully on port" in line)
        try:
            chromium = Browser(int(ready.rstrip(".\n").rpartition(" ")[2]))
            yield chromium
            chromium.quit()
        finally:
            driver.terminate()


@contextmanager
def serving(release: Path) -> Iterator[str]:
    """Serve a release, and give its address."""
    running: ThreadingHTTPServer = server(release)
    thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{running.server_port}/"
    finally:
        running.shutdown()
        thread.join()
        running.server_close()


@pytest.fixture(scope="module")
def visit(browser: Browser, releases: dict[str, Path]) -> Iterator[Callable[..., None]]:
    """Open the page of the head, fill in the form and send it."""
    with serving(releases["1.1.0"]) as address:

        def go(activities: tuple[str, ...] = ("city", "swimming"), **fields: object) -> None:
            browser.open(address)
            browser.run("localStorage.clear()")
            browser.open(address)
            browser.wait_for(READY)
            trip = {"destination": "Lisbon", "start": "2026-05-01", "end": "2026-05-04", **fields}
            browser.run(FILL, trip, list(activities))

        yield go


def test_a_trip_becomes_a_list(browser: Browser, visit: Callable[..., None]) -> None:
    """A visitor who fills in the form gets a grouped list with check boxes."""
    visit()
    assert "Passport" in browser.wait_for(".items")
    assert browser.wait_for("#result-title") == "Your list for Lisbon"
    assert browser.run("return document.querySelectorAll('#list h3').length") == 5
    assert "0 of" in browser.wait_for(".summary")


def test_the_page_works_under_its_content_security_policy(browser: Browser, visit: Callable[..., None]) -> None:
    """Neither loading it nor using it does anything that the policy forbids; what is forbidden would be seen."""
    visit()
    browser.wait_for(".items")
    browser.run("document.querySelector('.items input').click()")
    assert browser.run(WATCH_POLICY) == []
    browser.run(
        "document.body.append(Object.assign(document.createElement('img'), { src: 'data:image/gif;base64,R0' }))"
    )
    browser.wait_for("img[src^=data]")
    assert browser.run(WATCH_POLICY) == ["img-src"]


def test_what_is_packed_survives_a_reload(browser: Browser, visit: Callable[..., None]) -> None:
    """A checked box counts as packed, and still does after the page was loaded again."""
    visit()
    browser.wait_for(".items")
    browser.run("document.querySelector('.items input').click()")
    browser.open(browser.run("return location.href"))
    assert "1 of" in browser.wait_for(".summary")


def test_mistakes_are_shown_at_their_fields(browser: Browser, visit: Callable[..., None]) -> None:
    """What the API refuses is said in words, and the field is marked and focused."""
    visit(destination="", low=30, high=10)
    error = browser.wait_for(".error")
    assert "“Where to” is empty" in error
    assert "“Warmest” is 10 and below low" in error
    marked = browser.run("return [...document.querySelectorAll('[aria-invalid=true]')].map((input) => input.name)")
    assert marked == ["destination", "high"]
    assert browser.run("return document.activeElement.name") == "destination"


def test_what_visitors_write_is_never_markup(browser: Browser, visit: Callable[..., None]) -> None:
    """A destination with tags in it is text."""
    visit(destination="<img src=x onerror=alert(1)>")
    assert browser.wait_for(".items")
    assert browser.run("return document.querySelectorAll('#result img').length") == 0


@pytest.mark.parametrize(("width", "height"), [(360, 740), (1280, 900)])
def test_nothing_is_wider_than_the_screen(
    browser: Browser, visit: Callable[..., None], width: int, height: int
) -> None:
    """The page fits a phone and a desk."""
    browser.resize(width, height)
    visit()
    browser.wait_for(".items")
    assert browser.run("return document.documentElement.scrollWidth") <= width


def test_the_bad_release_apologises(browser: Browser, releases: dict[str, Path]) -> None:
    """Release 1.2.0 shows its day plan, and an apology to whoever has one activity."""
    fields = {"destination": "Lisbon", "start": "2026-05-01", "end": "2026-05-04"}
    with serving(releases["1.2.0"]) as address:
        browser.open(address)
        browser.wait_for(READY)
        browser.run(FILL, fields, ["city", "swimming"])
        assert browser.wait_for(".plan").splitlines()[-1].startswith("Day 4")
        browser.run(FILL, fields, ["city"])
        assert "Sorry" in browser.wait_for(".error")


def test_a_newer_page_works_with_an_older_api(browser: Browser, releases: dict[str, Path], tmp_path: Path) -> None:
    """While traffic is shared, the head's page may get an answer of 1.0.0, which has no groups and no notes."""
    shutil.copytree(releases["1.1.0"] / "frontend/dist", tmp_path / "frontend/dist")
    shutil.copytree(releases["1.0.0"] / "api", tmp_path / "api")
    with serving(tmp_path) as address:
        browser.open(address)
        browser.wait_for(READY)
        browser.run(FILL, {"destination": "Lisbon", "start": "2026-05-01", "end": "2026-05-04"}, ["city"])
        assert "Socks" in browser.wait_for(".items")
