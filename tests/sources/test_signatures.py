"""Each scheme lets through what was signed as the system's documentation says, and nothing else.

The digests of GitHub and Slack are the examples of their documentation; the others were made by openssl.
"""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from geleit.clock import SECOND, micros
from geleit.sources.collect import HmacSignature, Hook
from geleit.sources.signatures import SCHEMES, WINDOW, SignatureError, Signed, require_signed

NOW = micros(datetime(2026, 11, 22, 12, tzinfo=UTC))
SECRET = "an invented secret"  # noqa: S105
BODY = '{"id":820982911946154508,"note":"Grüße"}'.encode()
V0 = "52c038f96a886a13e5ca6e9ac5980174d52aea01777ec206d65d85b4de33d534"
PLAIN = "4MrytgrYP1wOQUParnt+WfV28+r2tHp2G1OyQlWDtOQ="
OTHER = "84b4425cddab25d259ad8a5d415d9b4bf96536fb4b68900ad1b51cbd77c1ac57"
SENT = {
    "shopify": {"x-shopify-hmac-sha256": PLAIN},
    "woocommerce": {"x-wc-webhook-signature": PLAIN},
    "typeform": {"typeform-signature": f"sha256={PLAIN}"},
    "zendesk": {
        "x-zendesk-webhook-signature": "WBmy1fJecKNiMEo+wSKJvb3+Xnow1hgT3LVyctqYYe0=",
        "x-zendesk-webhook-signature-timestamp": "2026-11-22T12:00:00Z",
    },
    "stripe": {
        "stripe-signature": f"t=1795348800,v1={OTHER},"
        "v1=84b4425cddab25d259ad8a5d415d9b4bf96536fb4b68900ad1b51cbd77c1ac56,v0=none"
    },
    "intercom": {"x-hub-signature": "sha1=bb4ad28d022f8daf720a94ae0ff6002e3a16fe79"},
    "slack": {"x-slack-signature": f"v0={V0}", "x-slack-request-timestamp": "1795348800"},
    "customerio": {"x-cio-signature": V0, "x-cio-timestamp": "1795348800"},
    "hubspot": {
        "x-hubspot-signature-v3": "2llyOWDXIKYYw0Ijdto4tvlR9M7N9uYse6SuP5CQymg=",
        "x-hubspot-request-timestamp": "1795348800000",
    },
}
BY_BODY = sorted(SENT)
TIMED = ("zendesk", "stripe", "slack", "customerio", "hubspot")


def signed(headers, body=BODY, now=NOW):
    return Signed("POST", ["https://geleit.example.com/hooks/crm?a=x%3Ay"], headers, [body], now)


@pytest.mark.parametrize("name", BY_BODY)
def test_what_the_system_signed_is_let_through(name):
    require_signed(name, SECRET, signed(SENT[name]))


@pytest.mark.parametrize("name", BY_BODY)
def test_another_body_or_secret_is_not(name):
    for secret, body in ((SECRET, BODY + b" "), ("another secret", BODY), (SECRET, b"")):
        with pytest.raises(SignatureError, match="does not fit"):
            require_signed(name, secret, signed(SENT[name], body))


@pytest.mark.parametrize("name", BY_BODY)
def test_a_missing_or_maimed_signature_is_not(name):
    with pytest.raises(SignatureError, match="missing"):
        require_signed(name, SECRET, signed({}))
    header = next(iter(SENT[name]))
    for text in ("", "x", SENT[name][header][:20], "sha256=", "t=,v1=", "ü" * 40):
        with pytest.raises(SignatureError):
            require_signed(name, SECRET, signed(SENT[name] | {header: text}))


@pytest.mark.parametrize("name", TIMED)
def test_an_old_one_is_not_and_one_from_the_future_neither(name):
    for late in (WINDOW - 1, 1 - WINDOW):
        require_signed(name, SECRET, signed(SENT[name], now=NOW + late * SECOND))
    for late in (WINDOW + 1, -WINDOW - 1):
        with pytest.raises(SignatureError, match="seconds from now"):
            require_signed(name, SECRET, signed(SENT[name], now=NOW + late * SECOND))


@pytest.mark.parametrize("name", TIMED)
def test_the_time_itself_is_signed(name):
    header, value = next((one, text) for one, text in SENT[name].items() if "time" in one or name == "stripe")
    moved = value.replace("1795348800", "1795348801").replace("12:00:00", "12:00:01")
    with pytest.raises(SignatureError, match="does not fit"):
        require_signed(name, SECRET, signed(SENT[name] | {header: moved}))


def test_every_scheme_with_a_time_has_its_window_tested():
    assert {name for name, scheme in SCHEMES.items() if scheme.time} | {"stripe"} == set(TIMED)
    assert SCHEMES.keys() | {"stripe", "mailgun"} == SENT.keys() | {"github", "canny", "mailgun"}


def test_the_example_of_github():
    headers = {"x-hub-signature-256": "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"}
    require_signed("github", "It's a Secret to Everybody", signed(headers, b"Hello, World!"))
    with pytest.raises(SignatureError, match="does not fit"):
        require_signed("github", "It's a Secret to Everybody", signed(headers, b"Hello, World?"))


def test_the_example_of_slack():
    body = (
        b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&"
        b"channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&"
        b"response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&"
        b"trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
    )
    headers = {
        "x-slack-signature": "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
        "x-slack-request-timestamp": "1531420618",
    }
    require_signed("slack", "8f742231b10e8888abcd99yyyzzz85a5", signed(headers, body, 1531420618 * SECOND))


def test_mailgun_signs_time_and_token_in_the_body():
    digest = "76f90fbd1a37a65c06b4bccf7ac02cf2cb5e7c7c4bbfc88a5d2cfca0980ddcd0"
    body = '{"signature":{"timestamp":"1795348800","token":"%s","signature":"%s"},"event-data":{}}'
    require_signed("mailgun", SECRET, signed({}, (body % ("c0ffee", digest)).encode()))
    for bad in (
        body % ("c0ffef", digest),
        body % ("", digest),
        body % ("c0ffee", ""),
        "{}",
        "[1]",
        '{"signature":7}',
        "",
    ):
        with pytest.raises(SignatureError):
            require_signed("mailgun", SECRET, signed({}, bad.encode()))


def test_canny_signs_a_number_used_once():
    headers = {"canny-nonce": "6b1d", "canny-signature": "R7exJs7OC9SonVnn1VdreX6vPOBWw7Ra+ZGB1/TRjfA="}
    require_signed("canny", SECRET, signed(headers))
    with pytest.raises(SignatureError, match="does not fit"):
        require_signed("canny", SECRET, signed(headers | {"canny-nonce": "6b1e"}))


def test_a_scheme_of_ones_own():
    digest = (
        "3ee1e86c7c89dd4f3c74f50d8d05b1fd9d4043b40c29a5729a99452338e9abf37c81a437d6d187927a4aa8e69eb3ee807abe6558b647fd295fa"
        "7db418c43f4a0"
    )
    own = HmacSignature(header="X-Signature", algorithm="sha512", prefix="hmac ")
    require_signed(own, SECRET, signed({"x-signature": f"hmac {digest}"}))
    with pytest.raises(SignatureError, match="does not begin with hmac"):
        require_signed(own, SECRET, signed({"x-signature": digest}))


def test_while_a_secret_is_changed_both_hold():
    require_signed("shopify", f"the next secret\n{SECRET}\n", signed(SENT["shopify"]))
    with pytest.raises(SignatureError, match="secret is empty"):
        require_signed("shopify", " \n", signed(SENT["shopify"]))


def test_what_was_packed_may_be_signed_packed_or_not():
    request = signed(SENT["shopify"])
    require_signed("shopify", SECRET, replace(request, bodies=[b"packed", BODY]))
    require_signed("shopify", SECRET, replace(request, bodies=[BODY, b"unpacked"]))


def test_hubspot_may_know_us_by_another_address():
    request = replace(signed(SENT["hubspot"]), addresses=["http://10.0.0.7:8420/hooks/crm?a=x%3Ay"])
    with pytest.raises(SignatureError, match="does not fit"):
        require_signed("hubspot", SECRET, request)
    require_signed(
        "hubspot",
        SECRET,
        replace(request, addresses=[*request.addresses, "https://geleit.example.com/hooks/crm?a=x:y"]),
    )


def test_a_header_that_holds_a_key_cannot_be_handed_on():
    with pytest.raises(ValueError, match="must not be kept"):
        Hook.model_validate({"headers": ["Authorization"]})
