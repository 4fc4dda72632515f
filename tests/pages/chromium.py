"""A headless Chromium, spoken to through a pipe in its own protocol: nothing but the browser has to be installed.

with Chromium() as browser:
    browser.screen(1280, 900)
    browser.open("http://127.0.0.1:8080/", token)
    assert browser.run("document.title") == "…"
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

PROGRAM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
_FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run", "--disable-sync")
_PATIENCE = 30.0


class Chromium:
    """One browser with one page."""

    def __init__(self) -> None:
        self._profile = tempfile.TemporaryDirectory(prefix="chromium", ignore_cleanup_errors=True)
        heard, self._say = os.pipe()
        self._hear, said = os.pipe()
        # the browser reads commands from descriptor 3 and writes answers to descriptor 4
        command = f'exec 3<&{heard} 4>&{said}; exec "$0" --remote-debugging-pipe "$@"'
        flags = [*_FLAGS, f"--user-data-dir={self._profile.name}", "about:blank"]
        self._process = subprocess.Popen(
            ["/bin/bash", "-c", command, str(PROGRAM), *flags],
            pass_fds=[heard, said],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(heard)
        os.close(said)
        self._rest = b""
        self._number = 0
        self._session: str | None = None
        (target,) = [each for each in self._ask("Target.getTargets")["targetInfos"] if each["type"] == "page"][:1]
        self._session = self._ask("Target.attachToTarget", targetId=target["targetId"], flatten=True)["sessionId"]
        self._ask("Page.enable")

    def __enter__(self) -> Chromium:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        self._process.wait(10)
        os.close(self._say)
        os.close(self._hear)
        self._profile.cleanup()

    def _ask(self, method: str, **given: Any) -> Any:
        self._number += 1
        message = {"id": self._number, "method": method, "params": given}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._say, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == self._number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']['message']}")
                return answer["result"]

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            read = os.read(self._hear, 1 << 20)
            if not read:
                raise RuntimeError("the browser is gone")
            self._rest += read
        message, _, self._rest = self._rest.partition(b"\0")
        return json.loads(message)  # type: ignore[no-any-return]

    def screen(self, width: int, height: int, *, is_dark: bool = False) -> None:
        """Set the window's size, and whether its owner prefers it dark."""
        self._ask("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if is_dark else "light"}
        self._ask("Emulation.setEmulatedMedia", features=[scheme])

    def open(self, url: str, token: str | None = None) -> None:
        """Open a page, logged in by Airflow's own cookie, and wait until it is there."""
        if token:
            self._ask("Network.setCookie", name="_token", value=token, url=url, httpOnly=True)
        self._ask("Page.navigate", url=url)
        self.wait(f"document.readyState === 'complete' && location.host === {urlsplit(url).netloc!r}")

    def wait(self, holds: str) -> None:
        """Wait until a JavaScript expression holds; raises TimeoutError."""
        deadline = time.monotonic() + _PATIENCE
        while not self.run(holds):
            if time.monotonic() > deadline:
                raise TimeoutError(holds)
            time.sleep(0.1)

    def run(self, expression: str) -> Any:
        """The value of a JavaScript expression, awaited."""
        answer = self._ask("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(answer["exceptionDetails"]["exception"]["description"])
        return answer["result"].get("value")

    def press(self, key: str, code: int) -> None:
        """Press and release one key."""
        pressed = {"key": key, "code": key, "windowsVirtualKeyCode": code}
        if key == "Enter":
            pressed["text"] = "\r"
        self._ask("Input.dispatchKeyEvent", type="keyDown", **pressed)
        self._ask("Input.dispatchKeyEvent", type="keyUp", **pressed)

    def picture(self, path: Path) -> None:
        """Write what the window shows as a PNG file."""
        path.write_bytes(base64.b64decode(self._ask("Page.captureScreenshot", format="png")["data"]))
