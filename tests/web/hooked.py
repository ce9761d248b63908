"""A running server that takes webhooks, and how systems sign what they send it."""

import base64
import contextlib
import hashlib
import hmac
import json
import time
from datetime import UTC, datetime

import httpx
import sqlalchemy as sa
from listening import SECONDS, listening

from geleit.access import write_keys
from geleit.ledger import tables
from geleit.sources import ready_made
from geleit.web.app import create_app
from geleit.web.serve import running
from geleit.workspace import open_workspace

COMPANY = "company: Lindner\nlanguages: [en, de]\nzone: Europe/Berlin\ncountry: DE\ncurrency: EUR\n"
SECRET = "an invented secret"  # noqa: S105


class Site:
    """A server with its workspace; ``post`` sends as a system would, ``stored`` says what became of it."""

    def __init__(self, workspace, client):
        self.workspace, self.client = workspace, client
        self.keys = {}

    def key(self, source):
        """A write key of a source."""
        if source not in self.keys:
            self.keys[source] = write_keys.create(self.workspace.ledger, source)[1]
            time.sleep(1.1)  # the server looks for new keys once a second
        return self.keys[source]

    def post(self, source, body, headers=None, query=""):
        data = body if isinstance(body, bytes | str) else json.dumps(body)
        return self.client.post(f"/hooks/{source}{query}", content=data, headers=headers or {})

    def stored(self):
        """Ids of the events that are in, whether they are archived already or not."""
        with self.workspace.ledger.read() as connection:
            return set(connection.execute(sa.select(tables.event_key.c.id)).scalars())

    def waiting(self, source):
        """What waits in the quarantine, oldest first."""
        return self.workspace.quarantine(source)


@contextlib.contextmanager
def serving(root, sources, **files):
    """A server on a free port. ``sources``: YAML by name, or None for the ready definition of this name."""
    (root / "geleit.yaml").write_text(COMPANY, encoding="utf-8")
    (root / "sources").mkdir(exist_ok=True)
    for name, text in sources.items():
        if text is None:
            ready_made.add(root, name)
        else:
            (root / "sources" / f"{name}.yaml").write_text(text, encoding="utf-8")
    for name, text in files.items():
        (root / name).write_text(text, encoding="utf-8")
    with (
        open_workspace(root) as workspace,
        running(workspace, create_app(workspace)) as app,
        listening(app) as port,
        httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=SECONDS) as client,
    ):
        yield Site(workspace, client)


def digest(text, secret=SECRET, algorithm="sha256"):
    data = text if isinstance(text, bytes) else text.encode()
    return hmac.new(secret.encode(), data, getattr(hashlib, algorithm)).digest()


def packed(text, secret=SECRET):
    return base64.b64encode(digest(text, secret)).decode()


def shopify(body, topic="orders/create"):
    return {"X-Shopify-Hmac-Sha256": packed(body), "X-Shopify-Topic": topic, "Content-Type": "application/json"}


def zendesk(body):
    at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "X-Zendesk-Webhook-Signature": packed(at.encode() + _bytes(body)),
        "X-Zendesk-Webhook-Signature-Timestamp": at,
    }


def customerio(body):
    at = str(int(time.time()))
    return {"X-CIO-Signature": digest(b"v0:" + at.encode() + b":" + _bytes(body)).hex(), "X-CIO-Timestamp": at}


def canny(_body):
    return {"Canny-Signature": packed("6b1d"), "Canny-Nonce": "6b1d", "Canny-Timestamp": str(int(time.time() * 1000))}


def woocommerce(body, topic="order.updated"):
    return {"X-WC-Webhook-Signature": packed(body), "X-WC-Webhook-Topic": topic}


def _bytes(body):
    return body if isinstance(body, bytes) else body.encode()
