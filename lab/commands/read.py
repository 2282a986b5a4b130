"""``python -m lab read``: serves the built book on this machine, and opens it."""

import argparse
import os
import sys
import webbrowser
from collections.abc import Mapping, Sequence
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingTCPServer
from threading import Thread
from typing import Any

from lab.check.pages import BUILT
from lab.commands.run import port
from lab.story import CannotDo

FIRST = "docs/index.html"  # the book's first page

# On Windows, a program that was installed may have changed what mimetypes knows.
TYPES = {
    "": "application/octet-stream",
    ".css": "text/css",
    ".gz": "application/gzip",
    ".html": "text/html; charset=utf-8",
    ".ipynb": "application/json",
    ".js": "text/javascript",
    ".json": "application/json",
    ".mjs": "text/javascript",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".wasm": "application/wasm",
    ".whl": "application/zip",
    ".xml": "application/xml",
    ".zip": "application/zip",
}

# The classes of webbrowser for lynx, w3m and the like, which would take over ours.
IN_THE_TERMINAL = ("GenericBrowser", "Elinks")


class CannotRead(CannotDo):
    """The book cannot be served; the text says why, and what would help."""


class Server(ThreadingTCPServer):
    """Serves each request in a thread of its own.

    Unlike HTTPServer, it does not look up the name of the machine, which can take
    seconds.
    """

    daemon_threads = True
    allow_reuse_address = os.name != "nt"  # there, two servers could share the port

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore a browser that no longer wants what it asked for."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class Pages(SimpleHTTPRequestHandler):
    """Answers with the files of a site, and with its own page for a missing one."""

    extensions_map = TYPES

    def list_directory(self, path: Any) -> None:
        """Answer that a folder without an index is not a page."""
        self.send_error(HTTPStatus.NOT_FOUND)

    def send_error(self, code: int, *words: Any) -> None:
        """Send the site's own page if nothing is there."""
        page = Path(self.directory, "404.html")
        if code != HTTPStatus.NOT_FOUND or not page.is_file():
            super().send_error(code, *words)
            return
        body = page.read_bytes()
        self.send_response(code)
        self.send_header("Content-Type", TYPES[".html"])
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Print nothing: the reader wants to see the address."""


def parsed(arguments: Sequence[str]) -> argparse.Namespace:
    """Return what the command line says."""
    parser = argparse.ArgumentParser(prog="python -m lab read")
    parser.add_argument(
        "folder", nargs="?", type=Path, default=BUILT, help="the book (build/html)"
    )
    parser.add_argument("--port", type=port, default=0, help="the port (a free one)")
    parser.add_argument("--no-open", action="store_true", help="open no browser")
    return parser.parse_args(arguments)


def run(arguments: Sequence[str]) -> int:
    """Serve the book until Ctrl-C; CannotRead if it is not there, or the port is not.

    The address is printed first. It is in the terminal if no browser opens.
    """
    options = parsed(arguments)
    if not (options.folder / FIRST).is_file():
        raise CannotRead(
            f"{options.folder} has no book. Build the book first: make book"
        )
    try:
        with served(options.folder, options.port) as server:
            address = f"http://127.0.0.1:{server.server_address[1]}/{FIRST}"
            print(f"The book is at {address} (Ctrl-C ends this)")
            if not options.no_open and has_a_screen(sys.platform, os.environ):
                Thread(target=show, args=(address,), daemon=True).start()
            server.serve_forever()
    except KeyboardInterrupt:
        pass
    return 0


def served(folder: Path, port: int) -> Server:
    """Return a server that already listens; CannotRead if it cannot."""
    try:
        return Server(("127.0.0.1", port), partial(Pages, directory=str(folder)))
    except OSError as error:
        words = f"cannot listen on 127.0.0.1:{port}: {error.strerror}"
        raise CannotRead(f"{words}; leave out --port to take a free one") from error


def show(address: str) -> None:
    """Open a page in a graphical browser, if there is one; this can take seconds."""
    try:
        browser = webbrowser.get()
    except webbrowser.Error:
        return
    if type(browser).__name__ not in IN_THE_TERMINAL:
        browser.open(address)


def has_a_screen(platform: str, variables: Mapping[str, str]) -> bool:
    """Whether a window can be opened: always on macOS and Windows."""
    if platform in ("darwin", "win32"):
        return True
    return bool(variables.get("DISPLAY") or variables.get("WAYLAND_DISPLAY"))
