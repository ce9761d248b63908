"""Runs clients of browsers in Debian's Chromium: a page that holds the snippet of docs/clients.md and a story's calls."""

import contextlib
import http.server
import json
import shutil
import threading
from functools import partial

import pytest
from running import HERE, MODULES, pointed, require_node

CHROMIUM = shutil.which("chromium")
PATIENCE = 300_000  # milliseconds
NEXT = MODULES / "@segment/analytics-next/dist/umd"
PAGE = """<!doctype html><meta charset="utf-8"><title>Shop</title>
<script type="importmap">{"imports": {"@segment/analytics-next": "/next.mjs", "@jitsu/js": "/jitsu.mjs"}}</script>
<script src="/index.js"></script>
<script>STORY = %s; GELEIT_CLOCK = %s</script>
<script>%s</script>
<script type="module">%s</script>
"""


class Pages(http.server.SimpleHTTPRequestHandler):
    """The shop's pages, and the clients as their packages bring them for browsers."""

    pages: dict

    def do_GET(self):
        path = self.path.partition("?")[0]
        if path == "/next.mjs":
            self._say("text/javascript", "export const AnalyticsBrowser = AnalyticsNext.AnalyticsBrowser;")
        elif path == "/jitsu.mjs":
            self._say("text/javascript", (MODULES / "@jitsu/js/dist/jitsu.es.js").read_text(encoding="utf-8"))
        elif path in self.pages:
            self._say("text/html; charset=utf-8", self.pages[path])
        else:
            super().do_GET()

    def _say(self, kind, text):
        body = text.encode()
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *said):
        """Say nothing."""


@contextlib.contextmanager
def shop_of(pages):
    """The shop's server."""
    handler = partial(type("Shop", (Pages,), {"pages": pages}), directory=str(NEXT))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as shop:
        shop.daemon_threads = True
        threading.Thread(target=shop.serve_forever, daemon=True).start()
        try:
            yield shop
        finally:
            shop.shutdown()


@contextlib.contextmanager
def browser():
    """A browser and a shop; gives a function that opens a page on which a client makes the calls of a story."""
    require_node()
    if CHROMIUM is None:
        pytest.skip("chromium is missing")
    playwright = pytest.importorskip("playwright.sync_api")
    pages = {}
    with shop_of(pages) as shop, playwright.sync_playwright() as started:
        chromium = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"], timeout=PATIENCE)

        def go(snippet, calls, address, key, *, clock=0):
            clock_js = (HERE / "clients" / "clock.js").read_text(encoding="utf-8")
            made = (HERE / "clients" / "stateful.mjs").read_text(encoding="utf-8")
            path = f"/{len(pages)}.html"
            pages[path] = PAGE % (json.dumps(calls), clock, clock_js, f"{pointed(snippet, address, key)}\n{made}")
            page = chromium.new_context().new_page()
            page.set_default_timeout(PATIENCE)
            page.complaints = []
            page.on("pageerror", lambda error: page.complaints.append(str(error)))
            page.goto(f"http://127.0.0.1:{shop.server_port}{path}")
            return page

        try:
            yield go
        finally:
            chromium.close()
