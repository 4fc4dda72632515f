"""Servers on loopback that take messages as a robot's web hook or a mail server does, or refuse them."""

from __future__ import annotations

import email
import email.policy
import json
import socketserver
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Channel:
    """An HTTP server that takes messages as Apprise's json:// sends them."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []
        self.status = 200
        self.delay = 0.0
        self.asked = 0
        self.retry_after: str | None = None
        self.answer: dict[str, Any] = {}
        channel = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                channel.asked += 1
                body = self.rfile.read(int(self.headers["Content-Length"]))
                time.sleep(channel.delay)
                if channel.status == 200:
                    channel.messages.append(json.loads(body))
                self.send_response(channel.status)
                if channel.retry_after is not None:
                    self.send_header("Retry-After", channel.retry_after)
                self.end_headers()
                self.wfile.write(json.dumps(channel.answer).encode())

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/alerts"

    @property
    def address(self) -> str:
        return self.url.replace("http", "json", 1)

    @property
    def titles(self) -> list[str]:
        return [message["title"] for message in self.messages]


class Mailbox:
    """An SMTP server that asks for a login."""

    def __init__(self, password: str) -> None:
        self.messages: list[EmailMessage] = []
        mailbox = self

        class Handler(socketserver.StreamRequestHandler):
            def _say(self, line: str) -> None:
                self.wfile.write(f"{line}\r\n".encode())

            def handle(self) -> None:
                self._say("220 county.example")
                lines = (line.decode().strip() for line in iter(self.rfile.readline, b""))
                for line in lines:
                    match line[:4].upper():
                        case "EHLO":
                            self._say("250-county.example\r\n250 AUTH PLAIN")
                        case "AUTH":
                            import base64

                            given = base64.b64decode(line.split()[-1]).decode().split("\0")[-1]
                            self._say("235 ok" if given == password else "535 refused")
                        case "DATA":
                            self._say("354 go on")
                            self._receive()
                        case "QUIT":
                            self._say("221 bye")
                            return
                        case _:
                            self._say("250 ok")

            def _receive(self) -> None:
                content = b""
                while (line := self.rfile.readline()) != b".\r\n":
                    content += line
                read = email.message_from_bytes(content, policy=email.policy.default)
                assert isinstance(read, EmailMessage)
                mailbox.messages.append(read)
                self._say("250 ok")

        self.server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True

    def address(self, password: str, scheme: str = "mailto") -> str:
        port = self.server.server_address[1]
        told = "smtp=127.0.0.1&from=safetynet@county.example&to=registry@county.example"
        mode = "&mode=insecure" if scheme == "mailto" else ""
        return f"{scheme}://clerk:{password}@127.0.0.1:{port}?{told}{mode}"


@contextmanager
def serving(opened: Channel | Mailbox) -> Iterator[None]:
    """The server of a channel or mailbox, as long as it is wanted."""
    thread = threading.Thread(target=opened.server.serve_forever, daemon=True)
    thread.start()
    try:
        yield
    finally:
        opened.server.shutdown()
        opened.server.server_close()
        thread.join()
