"""Two real browsers for the exported page, driven alike: Chromium by its driver, Firefox by WebDriver BiDi, which it
speaks itself (no geckodriver is needed)."""

import base64
import contextlib
import itertools
import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

WAIT_S = 60
FAKE_CAMERA = ("--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream")
FIREFOX_SETTINGS = {
    "media.navigator.permission.disabled": True,
    "browser.shell.checkDefaultBrowser": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "toolkit.telemetry.reportingpolicy.firstRun": False,
    "browser.aboutwelcome.enabled": False,
    "app.update.enabled": False,
}


class Chromium:
    """A window of Chromium with a camera that plays a moving test card, or a file of JPEGs."""

    name = "chromium"

    def __init__(self, folder: Path, camera: Path | None = None, dark: bool = False, cameras: bool = True):
        from selenium import webdriver
        from selenium.webdriver.chrome.options import Options
        from selenium.webdriver.chrome.service import Service

        options = Options()
        options.binary_location = str(shutil.which("chromium"))
        played = (f"--use-file-for-fake-video-capture={camera}",) if camera else ()
        for word in (
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            f"--user-data-dir={folder}",
            *(FAKE_CAMERA if cameras else ()),
            *played,
        ):
            options.add_argument(word)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.driver = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
        self.driver.set_script_timeout(WAIT_S)
        if dark:
            dark_mode = [{"name": "prefers-color-scheme", "value": "dark"}]
            self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": dark_mode})

    def open(self, address: str) -> None:
        self.driver.get(address)

    def before(self, script: str) -> None:
        """Run a script in every page that is opened from now on, before its own."""
        self.driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": script})

    def run(self, script: str) -> Any:
        """The value of an expression; a promise is waited for."""
        return self.driver.execute_async_script(
            f"const done = arguments[0]; Promise.resolve((async () => ({script}))()).then(done, (e) => done('ERROR ' + e))"
        )

    def choose(self, file: Path) -> None:
        self.driver.find_element("css selector", "#choose").send_keys(str(file))

    def size(self, width: int, height: int) -> None:
        self.driver.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600},
        )

    def shot(self, path: Path) -> None:
        path.write_bytes(base64.b64decode(self.driver.execute_cdp_cmd("Page.captureScreenshot", {})["data"]))

    def complaints(self) -> list[str]:
        """What the console says was refused or went wrong."""
        return [row["message"] for row in self.driver.get_log("browser") if row["level"] in ("SEVERE", "WARNING")]

    def close(self) -> None:
        self.driver.quit()


class Firefox:
    """A window of Firefox with a camera that plays a moving test card."""

    name = "firefox"

    def __init__(self, folder: Path, dark: bool = False, cameras: bool = True):
        import websocket

        folder.mkdir(parents=True, exist_ok=True)
        settings = {
            **FIREFOX_SETTINGS,
            "media.navigator.streams.fake": cameras,
            "layout.css.prefers-color-scheme.content-override": 0 if dark else 1,
        }
        lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in settings.items()]
        (folder / "user.js").write_text("\n".join(lines))
        command = [
            str(shutil.which("firefox-esr") or shutil.which("firefox")),
            "--headless",
            "--no-remote",
            "--profile",
            str(folder),
            "--remote-debugging-port",
            "0",
        ]
        self._process = subprocess.Popen(
            command,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "HOME": str(folder), "MOZ_HEADLESS": "1"},
        )
        self._numbers, self.logged = itertools.count(1), []
        self._socket = websocket.create_connection(f"{self._address()}/session", timeout=WAIT_S, suppress_origin=True)
        self._ask("session.new", capabilities={})
        self._ask("session.subscribe", events=["log.entryAdded"])
        self._tab = self._ask("browsingContext.getTree")["contexts"][0]["context"]

    def open(self, address: str) -> None:
        self._ask("browsingContext.navigate", context=self._tab, url=address, wait="complete")

    def before(self, script: str) -> None:
        """Run a script in every page that is opened from now on, before its own."""
        self._ask("script.addPreloadScript", functionDeclaration=f"() => {{ {script} }}")

    def run(self, script: str) -> Any:
        """The value of an expression; a promise is waited for."""
        answer = self._ask(
            "script.evaluate",
            expression=f"(async () => JSON.stringify(await ({script})))()",
            target={"context": self._tab},
            awaitPromise=True,
            userActivation=True,
        )
        if answer["type"] == "exception":
            return f"ERROR {answer['exceptionDetails']['text']}"
        return json.loads(answer["result"]["value"]) if answer["result"]["type"] == "string" else None

    def choose(self, file: Path) -> None:
        found = self._ask("browsingContext.locateNodes", context=self._tab, locator={"type": "css", "value": "#choose"})
        shared = {"sharedId": found["nodes"][0]["sharedId"]}
        self._ask("input.setFiles", context=self._tab, element=shared, files=[str(file)])

    def size(self, width: int, height: int) -> None:
        self._ask("browsingContext.setViewport", context=self._tab, viewport={"width": width, "height": height})

    def shot(self, path: Path) -> None:
        path.write_bytes(base64.b64decode(self._ask("browsingContext.captureScreenshot", context=self._tab)["data"]))

    def complaints(self) -> list[str]:
        """What the console says was refused or went wrong."""
        self.run("1")
        return [row["text"] for row in self.logged if row["level"] in ("error", "warn")]

    def close(self) -> None:
        with contextlib.suppress(Exception):
            self._ask("browser.close")
            self._socket.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(10)
        self._process.kill()
        self._process.wait()

    def _address(self) -> str:
        end = time.monotonic() + WAIT_S
        while time.monotonic() < end:
            line = self._process.stderr.readline()
            if found := re.search(r"ws://[^\s/]+", line):
                return found[0]
        raise AssertionError("Firefox says no address")

    def _ask(self, method: str, **parameters: Any) -> dict:
        number = next(self._numbers)
        self._socket.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while True:
            answer = json.loads(self._socket.recv())
            if answer.get("method") == "log.entryAdded":
                self.logged.append(answer["params"])
            if answer.get("id") == number:
                assert answer["type"] == "success", answer
                return answer["result"]


def missing(name: str) -> str:
    """Why a browser cannot be used; empty where it can."""
    if name == "chromium":
        pytest.importorskip("selenium", reason="skipped: no selenium")
        return "" if shutil.which("chromium") and shutil.which("chromedriver") else "no chromium with its driver"
    pytest.importorskip("websocket", reason="skipped: no websocket-client")
    return "" if shutil.which("firefox-esr") or shutil.which("firefox") else "no firefox"


@contextlib.contextmanager
def browser(name: str, folder: Path, **options: Any) -> Iterator[Chromium | Firefox]:
    """A browser with a profile of its own in `folder`; the test is skipped where it is not installed."""
    if why := missing(name):
        pytest.skip(f"skipped: {why}")
    window = Chromium(folder, **options) if name == "chromium" else Firefox(folder, **options)
    try:
        yield window
    finally:
        window.close()
