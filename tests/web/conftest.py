import contextlib
from dataclasses import dataclass

import httpx
import pytest
from household import GELEIT, LABELS, NEEDS, SOURCE, at, helga, visitor
from listening import listening
from shop import chromium, recorder, shop, visit  # noqa: F401 (fixtures)

from geleit.sources.records import Rejected
from geleit.web.app import create_app
from geleit.workspace import open_workspace

NOW = at("2026-11-22T08:15")


@dataclass(frozen=True)
class Site:
    """Running pages: ``helga`` and ``visitor`` are their addresses, ``client`` asks as a browser would."""

    address: str
    client: httpx.Client
    helga: str
    visitor: str
    workspace: object

    def page(self, path: str, language: str = "de", **headers: str) -> httpx.Response:
        joint = "&" if "?" in path else "?"
        return self.client.get(f"{path}{joint}lang={language}", headers=headers)


@contextlib.contextmanager
def running(workspace):
    """The pages on a free port, by the real server."""
    with listening(create_app(workspace, hosts=["pages.example"])) as port:
        yield f"http://127.0.0.1:{port}"


def folder_with(root, definitions):
    for name, text in definitions.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    sources = {f"sources/{name}.yaml": SOURCE.format(name=name, en=en, de=de) for name, (en, de) in LABELS.items()}
    root = folder_with(tmp_path_factory.mktemp("lindner"), {"geleit.yaml": GELEIT, "needs.yaml": NEEDS} | sources)
    rejected = Rejected("till", "exports/till.csv", 7, "bad_time", "'31.09.2026' is no day", '{"a": "1"}', "r7")
    with open_workspace(root, clock=lambda: NOW) as workspace:
        workspace.intake.accept([*helga(), *visitor()], [rejected])
        workspace.sync()
        with running(workspace) as address, httpx.Client(base_url=address, timeout=60) as client:
            yield Site(
                address,
                client,
                f"/people/{workspace.customer('crm.customer_no:4711')}",
                f"/people/{workspace.customer('crm.customer_no:9')}",
                workspace,
            )


@pytest.fixture
def empty_site(tmp_path):
    root = folder_with(tmp_path, {"geleit.yaml": GELEIT})
    with (
        open_workspace(root) as workspace,
        running(workspace) as address,
        httpx.Client(base_url=address, timeout=60) as client,
    ):
        yield Site(address, client, "", "", workspace)
