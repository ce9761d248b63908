"""A shop's pages on one origin and a recording collector on another, both on real sockets, for the snippet's tests."""

import asyncio
import json
import shutil
import threading
import time
from dataclasses import dataclass, field

import pytest
from listening import SECONDS, listening
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from geleit.web.snippet import serve_snippet

KEY = "key-of-the-shop"
CORS = {"access-control-allow-origin": "*", "access-control-expose-headers": "retry-after"}
READY = "window.geleit && geleit.version"


@dataclass
class Recorder:
    """Takes what the snippet sends, answers as told, and remembers both."""

    requests: list = field(default_factory=list)  # (path, headers, body, status)
    came: list = field(default_factory=list)  # when each of them came
    answers: list = field(default_factory=list)  # next answers: (status, headers)
    slow: float = 0
    free: threading.Event = field(default_factory=threading.Event)  # no answer before
    port: int = 0

    async def collect(self, request: Request) -> Response:
        body = json.loads(await request.body())
        status, headers = self.answers.pop(0) if self.answers else (200, {})
        self.came.append(time.monotonic())
        self.requests.append((request.url.path, dict(request.headers), body, status))
        await asyncio.sleep(self.slow)
        await asyncio.to_thread(self.free.wait)
        return JSONResponse({"success": status == 200}, status_code=status, headers=CORS | headers)

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/geleit.js", serve_snippet),
                Route("/v1/{call}", self.collect, methods=["POST", "OPTIONS"]),
            ]
        )

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def events(self, *statuses) -> list:
        """Single events in the order they came, each once as the collector keeps them; default: the acknowledged."""
        taken = [body for _, _, body, status in self.requests if status in (statuses or (200,))]
        return list({event["messageId"]: event for body in taken for event in body.get("batch", [body])}.values())

    def kinds(self) -> list:
        return [event.get("event", event["type"]) for event in self.events()]

    def wait(self, count, seconds=SECONDS) -> list:
        """The acknowledged events as soon as there are ``count``, and a moment later still no more."""
        until(lambda: len(self.events()) >= count, seconds, self.kinds)
        time.sleep(0.3)
        assert len(self.events()) == count, self.kinds()
        return self.events()


def until(reached, seconds=SECONDS, told=lambda: ""):
    """Wait for something that happens in another program."""
    end = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < end, f"not within {seconds} s: {told()}"
        time.sleep(0.02)


@dataclass
class Shop:
    """Pages by path; each embeds the snippet with ``attributes`` and has ``body``."""

    collector: str
    port: int = 0
    pages: dict = field(default_factory=dict)

    def show(self, request: Request) -> Response:
        if request.url.path not in self.pages:
            return Response("console.log('own script')", media_type="text/javascript")
        html, headers = self.pages[request.url.path]
        return HTMLResponse(html, headers=headers)

    def app(self) -> Starlette:
        return Starlette(routes=[Route("/{path:path}", self.show)])

    @property
    def address(self) -> str:
        return f"http://localhost:{self.port}"

    def put(self, path="/", body="", attributes="", head="", key=KEY, **headers) -> str:
        """A page of the shop; returns its address."""
        script = f'<script async src="{self.collector}/geleit.js" data-write-key="{key}" {attributes}></script>'
        html = f"<!doctype html><html lang=de><title>Leise Geräte</title>{head}{script}<body>{body}</body></html>"
        self.pages[path] = (html, {name.replace("_", "-"): value for name, value in headers.items()})
        return self.address + path


CLEAN = """async () => ({
  cookies: document.cookie,
  local: Object.keys(localStorage),
  session: Object.keys(sessionStorage),
  databases: (await indexedDB.databases()).map((one) => one.name),
  caches: await caches.keys(),
})"""
NOTHING = {"cookies": "", "local": [], "session": [], "databases": [], "caches": []}


@pytest.fixture(scope="module")
def chromium():
    """Debian's Chromium; skipped only where it is missing."""
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("chromium is missing")
    playwright = pytest.importorskip("playwright.sync_api")
    playwright.expect.set_options(timeout=SECONDS * 1000)
    with playwright.sync_playwright() as started:
        found = started.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield found
        found.close()


@pytest.fixture
def recorder():
    made = Recorder()
    made.free.set()
    with listening(made.app()) as port:
        made.port = port
        yield made
        made.free.set()


@pytest.fixture
def shop(recorder):
    made = Shop(recorder.address)
    with listening(made.app()) as port:
        made.port = port
        yield made


@pytest.fixture
def visit(chromium):
    """A function that opens an address, alone or in another page's context; ``complaints`` are the browser's."""
    contexts = []

    def go(address, *, context=None, before="", **options):
        if context is None:
            context = chromium.new_context(locale="de-DE", **options)
            context.set_default_timeout(SECONDS * 1000)
            context.add_init_script(before)
            contexts.append(context)
        page = context.new_page()
        page.complaints = []
        page.on("console", lambda message: page.complaints.append(message.text))
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        page.goto(address)
        page.wait_for_function(READY)
        return page

    yield go
    for context in contexts:
        context.close()


def again(page, address=""):
    """Load the page again, or follow a link to another one, and wait for the snippet."""
    if address:
        page.evaluate("address => location.assign(address)", address)
        page.wait_for_url(address)
    else:
        page.reload()
    page.wait_for_function(READY)
