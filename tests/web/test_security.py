import http.client
import re
from urllib.parse import urlsplit

import pytest
from listening import SECONDS
from test_pages import every_path

from geleit.web.assets import assets

STYLE = re.compile(r"\sstyle=|<style\b|\son[a-z]+=|javascript:", re.IGNORECASE)


def ask(site, path, host, method="GET"):
    where = urlsplit(site.address)
    connection = http.client.HTTPConnection(where.hostname, where.port, timeout=SECONDS)
    connection.putrequest(method, path, skip_host=True)
    connection.putheader("Host", host)
    connection.endheaders()
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status


def test_every_answer_carries_its_guards(site):
    for path in [*every_path(site), "/nothing", "/people/nobody", "/static/geleit.css", f"/api{site.helga}"]:
        headers = site.page(path).headers
        assert headers["content-security-policy"].startswith("default-src 'self'"), path
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert headers["referrer-policy"] == "same-origin"
        assert "server" not in headers


def test_pages_hold_neither_styles_nor_scripts_of_their_own_nor_foreign_addresses(site):
    for path in every_path(site):
        html = site.page(path).text
        assert not STYLE.search(re.sub(r">[^<]*<", "><", html)), path
        assert re.findall(r"<script\b[^>]*>", html) == re.findall(r'<script src="/static/[^"]+" defer>', html)
        assert not re.search(r'(href|src|action)="(https?:)?//', html)


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:8420", 200),
        ("localhost", 200),
        ("[::1]:8420", 200),
        ("pages.example", 200),
        ("evil.example", 400),
        ("127.0.0.1.evil.example", 400),
        ("localhost.evil.example:8420", 400),
        ("", 400),
    ],
)
def test_other_names_are_refused(site, host, status):
    assert ask(site, "/keys", host) == status


def test_pages_are_not_kept_and_assets_are(site):
    assert site.page(site.helga).headers["cache-control"] == "no-store"
    address = re.search(r'href="(/static/geleit\.css\?v=[^"]+)"', site.page("/keys").text)
    assert address is not None
    styled = site.client.get(address[1])
    assert "immutable" in styled.headers["cache-control"]
    again = site.client.get("/static/geleit.css", headers={"if-none-match": styled.headers["etag"]})
    assert again.status_code == 304
    assert site.client.get("/static/geleit.css?v=old").headers["cache-control"] == "public, no-cache"


def test_everything_a_page_needs_is_here(site):
    for name in assets():
        assert site.client.get(f"/static/{name}").status_code == 200
    for font in re.findall(r"url\(([^)]+)\)", site.client.get("/static/geleit.css").text):
        assert site.client.get(f"/static/{font}").headers["content-type"] == "font/woff2"


def test_only_reading_is_allowed(site):
    for method in ("POST", "PUT", "DELETE"):
        assert site.client.request(method, site.helga).status_code == 405


def test_a_fault_is_told_without_its_traceback(site, monkeypatch):
    def broken(_self):
        raise RuntimeError("secret detail")

    monkeypatch.setattr(type(site.workspace), "counts", broken)
    answer = site.page("/")
    assert answer.status_code == 500
    assert "secret detail" not in answer.text
    assert "Hier ist etwas kaputt" in answer.text
    assert answer.headers["content-security-policy"].startswith("default-src 'self'")
    assert answer.headers["connection"] == "close"  # or the next request would go into a connection that is dropped
