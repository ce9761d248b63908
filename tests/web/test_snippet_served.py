"""The snippet's script as it leaves the server, and the code that embeds it."""

import gzip
import re

import brotli
import pytest

from geleit import __version__
from geleit.errors import GeleitError
from geleit.web.embedding import LIMIT, METHODS, embedding, script, strip


def test_the_script_has_less_than_four_kilobytes_packed():
    for made in (script(), script(objects=True)):
        assert len(made.gzip) < LIMIT
        assert len(made.brotli) < len(made.gzip)
        assert gzip.decompress(made.gzip) == brotli.decompress(made.brotli) == made.content


def test_only_comments_and_idle_space_are_left_out():
    assert strip("const a = 1; // one\n  // two\n//\n  f(\n    'https://example.com'\n  );\n") == (
        "const a = 1;f('https://example.com'\n);"
    )
    text = script().content.decode()
    assert "//" not in re.sub(r"/\[[^/]+\]|https?://", "", text)
    assert f"version: '{__version__}'" in text


def test_it_reaches_for_nothing_but_the_collector():
    text = script().content.decode()
    assert re.findall(r"https?://", text) == []
    for word in ("cookie", "sessionStorage", "indexedDB", "innerHTML", "eval(", "canvas", "screen."):
        assert word not in text


def test_pages_of_any_host_may_load_it(site):
    answer = site.client.get("/geleit.js", headers={"host": "collect.example.com"})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["vary"] == "Accept-Encoding, Sec-GPC, DNT"
    assert answer.content == script().content
    assert site.client.get("/keys", headers={"host": "collect.example.com"}).status_code == 400
    assert site.client.post("/geleit.js").status_code == 404


@pytest.mark.parametrize(("accepted", "packing"), [("gzip, br", "br"), ("gzip", "gzip"), ("identity", None)])
def test_it_comes_packed_as_the_browser_can_unpack_it(site, accepted, packing):
    with site.client.stream("GET", "/geleit.js", headers={"accept-encoding": accepted}) as answer:
        raw = b"".join(answer.iter_raw())
    assert answer.headers.get("content-encoding") == packing
    assert int(answer.headers["content-length"]) == len(raw)
    assert raw == {"br": script().brotli, "gzip": script().gzip, None: script().content}[packing]


def test_it_is_kept_by_its_content(site):
    first = site.client.get("/geleit.js")
    assert first.headers["cache-control"].startswith("public, max-age=3600")
    tag = first.headers["etag"]
    assert site.client.get("/geleit.js", headers={"if-none-match": tag}).status_code == 304
    named = tag.strip('"')
    assert "immutable" in site.client.get(f"/geleit.js?v={named}").headers["cache-control"]
    assert "immutable" not in site.client.get("/geleit.js?v=older").headers["cache-control"]


@pytest.mark.parametrize("header", ["Sec-GPC", "DNT"])
def test_who_objects_by_header_gets_a_script_that_knows(site, header):
    answer = site.client.get("/geleit.js", headers={header: "1"})
    assert b"window.geleitGPC=1;" in answer.content
    assert answer.headers["etag"] != site.client.get("/geleit.js").headers["etag"]
    assert b"window.geleitGPC=1;" not in site.client.get("/geleit.js", headers={header: "0"}).content


def test_the_embed_code_holds_what_pages_need_and_nothing_can_break_out():
    made = embedding("https://collect.example.com/", 'k"><script>')
    assert made.tag == (
        '<script async src="https://collect.example.com/geleit.js" data-write-key="k&quot;&gt;&lt;script&gt;"></script>'
    )
    assert made.policy == "script-src https://collect.example.com; connect-src https://collect.example.com"
    assert all(name in made.stub for name in METHODS)
    copied = embedding("https://example.com/geleit", "k", copied="/js/g.js")
    assert 'src="/js/g.js"' in copied.tag
    assert 'data-host="https://example.com/geleit"' in copied.tag
    assert copied.policy == "script-src 'self'; connect-src https://example.com"


@pytest.mark.parametrize("address", ["", "collect.example.com", "ftp://example.com", "https://example.com/?a=1"])
def test_what_pages_cannot_reach_is_no_address(address):
    with pytest.raises(GeleitError, match="no address that pages can reach"):
        embedding(address, "k")


def test_the_stub_offers_every_call_of_the_script():
    text = script().content.decode()
    for name in METHODS:
        assert re.search(rf"[{{}},]\s*{name}\([a-z, ]*\) ?{{", text), name
