"""Forms that change something: only from pages of this site, only with the token, never too large."""

import httpx
import pytest
from listening import SECONDS, listening
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from geleit.web import posting
from geleit.web.posting import Form, RefusedError, author_of, done, posted

TOKEN = "t" * 32
HERE = {"sec-fetch-site": "same-origin"}
FORM = {"content-type": "application/x-www-form-urlencoded"}


def write(_request, form):
    return PlainTextResponse(f"{form.get('what')} {form.all('x')}") if form.get("what") else done("/there")


def refused(_request, error):
    return PlainTextResponse(error.message, 403)


@pytest.fixture
def client():
    routes = [
        Route("/write", posted(write), methods=["POST"]),
        Route("/who", lambda request: PlainTextResponse(author_of(request))),
    ]
    app = Starlette(routes=routes, exception_handlers={RefusedError: refused})
    with (
        listening(app) as port,
        httpx.Client(base_url=f"http://127.0.0.1:{port}", headers={"host": "pages.example"}, timeout=SECONDS) as asking,
    ):
        asking.cookies.set(posting.TOKEN, TOKEN)
        yield asking


def test_a_form_of_ours_is_carried_out(client):
    answer = client.post("/write", data={"token": TOKEN, "what": " ja ", "x": ["1", "2"]}, headers=HERE)
    assert (answer.status_code, answer.text) == (200, "ja ['1', '2']")
    answer = client.post("/write", data={"token": TOKEN}, headers=HERE)
    assert (answer.status_code, answer.headers["location"]) == (303, "/there")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"sec-fetch-site": "same-origin"}, 200),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "none"}, 403),
        ({"sec-fetch-site": "cross-site", "origin": "http://pages.example"}, 403),
        ({"origin": "http://pages.example"}, 200),
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "http://pages.example.evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({}, 200),  # an old browser: the token alone
    ],
)
def test_only_a_page_of_this_site_may_send_it(client, headers, status):
    answer = client.post("/write", data={"token": TOKEN, "what": "x"}, headers=headers)
    assert answer.status_code == status


@pytest.mark.parametrize("token", ["", "u" * 32, TOKEN + "t", "ä" * 32])
def test_without_its_token_a_form_is_refused(client, token):
    answer = client.post("/write", data={"token": token, "what": "x"}, headers=HERE)
    assert (answer.status_code, "nothing was changed" in answer.text) == (403, True)


def test_a_browser_without_the_cookie_is_refused_whatever_it_sends(client):
    client.cookies.clear()
    for token in ("", TOKEN):
        assert client.post("/write", data={"token": token, "what": "x"}, headers=HERE).status_code == 403


@pytest.mark.parametrize(
    ("content", "headers"),
    [
        (b'{"token": "x"}', {"content-type": "application/json"}),
        (b"token=x", {"content-type": "text/plain"}),
        (b"token=" + b"x" * posting.LONGEST, FORM),
        (b"&".join(b"a=1" for _ in range(posting.FIELDS + 1)), FORM),
        (b"token=%ff", FORM),
        (b"token=\xff", FORM),
    ],
)
def test_what_is_no_form_of_a_page_is_refused(client, content, headers):
    assert client.post("/write", content=content, headers=HERE | headers).status_code == 403


def test_a_name_is_given_once(client):
    client.post("/write", data={"token": TOKEN, "what": "x", "author": "Ümit Kern; Kassel"}, headers=HERE)
    assert client.get("/who").text == "Ümit Kern; Kassel"


def test_a_field_that_is_not_there_is_empty():
    assert Form(()).get("x") == ""
    assert Form((("x", "1"), ("x", "2"))).get("x") == "1"
