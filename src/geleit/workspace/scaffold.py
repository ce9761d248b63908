"""``geleit init``: a new workspace with definitions that explain themselves; and how one begins anew."""

from __future__ import annotations

import json
from pathlib import Path

from pydantic import BaseModel

from geleit.clock import moment
from geleit.config import Company
from geleit.errors import GeleitError
from geleit.events.kinds import Kinds
from geleit.identity.rules import Identity
from geleit.ledger.ledger import store_of
from geleit.needs.designed import DesignedJourney
from geleit.needs.rules import Needs
from geleit.segments.definition import Segment
from geleit.sources.definition import SourceDefinition
from geleit.workspace.definitions import find_workspace, load_definitions
from geleit.workspace.stores import said_url

# File or folder of a workspace -> its model; the JSON Schemas and the reference page are made from these.
MODELS: dict[str, type[BaseModel]] = {
    "geleit.yaml": Company,
    "sources/*.yaml": SourceDefinition,
    "kinds.yaml": Kinds,
    "identity.yaml": Identity,
    "needs.yaml": Needs,
    "journeys/*.yaml": DesignedJourney,
    "segments/*.yaml": Segment,
}

COMPANY = """\
# yaml-language-server: $schema=.schemas/geleit.json
company: {name}
languages: [{languages}]        # the first is the default of the screens
zone: Europe/Berlin         # the company counts its days here
currency: EUR
country: DE                 # phone numbers without a country code are read as this country's
"""

README = """\
# {name}: a geleit workspace

Definitions (this folder, under version control) say how to read the company's systems; `data/` holds what was read and is
not under version control.

1. Put an export into `exports/` and describe it in `sources/NAME.yaml` (`geleit source guess FILE` writes a first draft).
2. `geleit check` tells what is wrong, with file, line and remedy.
3. `geleit import` reads all sources; `geleit serve` opens the pages.
"""

IGNORE = "data/\ndata-until-*/\nsecrets/\n"


def schema_name(place: str) -> str:
    """File name of the JSON Schema for one kind of definition: ``sources/*.yaml`` -> ``source.json``."""
    folder, _, _rest = place.partition("/")
    return f"{folder.removesuffix('s')}.json" if "*" in place else f"{Path(place).stem}.json"


def write_schemas(folder: Path) -> list[Path]:
    """Write a JSON Schema per kind of definition, so that editors complete and check them."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for place, model in MODELS.items():
        path = folder / schema_name(place)
        path.write_text(json.dumps(model.model_json_schema(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        written.append(path)
    return written


def init(root: Path, *, name: str = "", languages: tuple[str, ...] = ("en", "de")) -> list[Path]:
    """Make a workspace in ``root``; an existing folder is kept, an existing workspace is refused.

    Errors: GeleitError if there is a geleit.yaml already; nothing is changed then.
    """
    if (root / "geleit.yaml").exists():
        raise GeleitError(f"{root} is a workspace already; nothing was changed", hint="geleit check --workspace DIR")
    try:
        for folder in ("sources", "exports", "journeys"):
            (root / folder).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise GeleitError(f"{root} cannot be made: {error.strerror}", hint="choose another folder") from None
    company = json.dumps(name or root.resolve().name, ensure_ascii=False)
    files = {
        "geleit.yaml": COMPANY.format(name=company, languages=", ".join(languages)),
        "README.md": README.format(name=name or root.resolve().name),
        ".gitignore": IGNORE,
    }
    written = []
    for file, text in files.items():
        path = root / file
        if not path.exists():
            path.write_text(text, encoding="utf-8")
            written.append(path)
    return [*written, *write_schemas(root / ".schemas")]


def set_aside(path: Path | str, now: int) -> Path | None:
    """Move a workspace's ``data/`` out of the way, so that all sources are imported anew; returns where it lies now.

    Nothing is deleted; a ledger in PostgreSQL moves into a schema of the same name. For workspaces whose every event
    comes from files that are still there.
    """
    definitions = load_definitions(find_workspace(Path(path)))
    data = definitions.root / "data"
    if not data.exists():
        return None
    kept = data.with_name(f"data-until-{moment(now):%Y%m%d-%H%M%S-%f}")
    store_of(said_url(definitions.company, definitions.root)).set_aside(kept.name)
    data.rename(kept)
    return kept
