"""Everything a workspace says in YAML, loaded and checked together."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from geleit.config import Company
from geleit.definitions import Definition, load
from geleit.errors import DefinitionError, GeleitError, NotFoundError
from geleit.events.kinds import Catalogue, Kinds
from geleit.identity.rules import Identity
from geleit.needs.designed import DesignedJourney
from geleit.needs.rules import EVERYTHING, Needs
from geleit.segments.definition import Segment, check_all, load_segment
from geleit.sources.definition import SourceDefinition, load_source

MARKER = "geleit.yaml"
D = TypeVar("D", bound=Definition)


@dataclass(frozen=True, slots=True)
class Definitions:
    """All definitions of one workspace. ``faulty``: sources that were left out, with what is wrong (``load_sound``)."""

    root: Path
    company: Company
    kinds: Kinds
    identity: Identity
    needs: Needs
    sources: Mapping[str, SourceDefinition] = field(default_factory=dict)
    journeys: Mapping[str, DesignedJourney] = field(default_factory=dict)
    segments: Mapping[str, Segment] = field(default_factory=dict)
    faulty: Mapping[str, DefinitionError] = field(default_factory=dict)

    @property
    def catalogue(self) -> Catalogue:
        """The kinds, ready to read events with."""
        return Catalogue(self.kinds)

    def hashes(self) -> dict[str, str]:
        """A hash per definition that projections are made with."""
        return {"identity": digest(self.identity), "kinds": digest(self.kinds), "needs": digest(self.needs)}

    def hash(self) -> str:
        """One hash of all that a generation of the journal depends on."""
        return hashlib.blake2b("".join(sorted(self.hashes().values())).encode(), digest_size=8).hexdigest()


def digest(definition: Definition) -> str:
    """16 hexadecimal digits of what a definition says (not of how it is written)."""
    return hashlib.blake2b(definition.model_dump_json().encode(), digest_size=8).hexdigest()


def find_workspace(start: Path) -> Path:
    """The nearest folder upwards from ``start`` that holds geleit.yaml.

    Errors: NotFoundError when there is none.
    """
    for folder in (start.resolve(), *start.resolve().parents):
        if (folder / MARKER).exists():
            return folder
    raise NotFoundError(
        f"no geleit.yaml in {start} or above it",
        hint="make a workspace with: geleit init DIR, or name one: --workspace DIR",
    )


def load_definitions(root: Path) -> Definitions:
    """Load every definition; the first problem is raised.

    Errors: DefinitionError naming file, line, value and remedy.
    """
    found, problems = load_checked(root)
    if problems:
        raise problems[0]
    if found is None:  # unreachable without problems; keeps the types honest
        raise GeleitError("the workspace could not be read")
    return found


def load_checked(root: Path) -> tuple[Definitions | None, list[DefinitionError]]:
    """Load every definition and gather all problems; the definitions are None if there is any."""
    found, problems = _load(root)
    if found is not None and found.faulty:
        return None, list(found.faulty.values())
    return found, problems


def load_sound(root: Path) -> Definitions:
    """Load every definition but those of sources that are ``faulty``, for what does not need these.

    Errors: DefinitionError of anything else than a source, as ``load_definitions``.
    """
    found, problems = _load(root)
    if found is None:
        raise problems[0]
    return found


def _load(root: Path) -> tuple[Definitions | None, list[DefinitionError]]:
    """The definitions, sources that are faulty set apart; None if anything else is wrong, with all that is."""
    problems: list[DefinitionError] = []

    def one(name: str, model: type[D], default: D | None = None) -> D | None:
        path = root / name
        if default is not None and not path.exists():
            return default
        try:
            return load(path, model, root=root)
        except DefinitionError as error:
            problems.append(error)
            return default

    company = one(MARKER, Company)
    kinds = one("kinds.yaml", Kinds, Kinds())
    identity = one("identity.yaml", Identity, Identity())
    needs = one("needs.yaml", Needs, EVERYTHING)
    sources, faulty = load_sources(root, problems)
    journeys = {
        path.stem: one(f"journeys/{path.name}", DesignedJourney)
        for path in definition_files(root, "journeys", problems)
    }
    segments = load_segments(root, problems)
    if kinds is not None and needs is not None:
        problems.extend(check_all(segments, kinds, needs))
    if problems or company is None or kinds is None or identity is None or needs is None:
        return None, [*problems, *faulty.values()]
    designed = {name: journey for name, journey in journeys.items() if journey is not None}
    return Definitions(root, company, kinds, identity, needs, sources, designed, segments, faulty), []


def load_sources(
    root: Path, problems: list[DefinitionError]
) -> tuple[dict[str, SourceDefinition], dict[str, DefinitionError]]:
    """The sources that can be read, and what is wrong with the others, both by name."""
    sources: dict[str, SourceDefinition] = {}
    faulty: dict[str, DefinitionError] = {}
    for path in definition_files(root, "sources", problems):
        try:
            sources[path.stem] = load_source(path, root)
        except DefinitionError as error:
            faulty[path.stem] = error
    return sources, faulty


def load_segments(root: Path, problems: list[DefinitionError]) -> dict[str, Segment]:
    """The segments that can be read, by name."""
    segments: dict[str, Segment] = {}
    for path in definition_files(root, "segments", problems):
        try:
            segments[path.stem] = load_segment(path, root)
        except DefinitionError as error:
            problems.append(error)
    return segments


def definition_files(root: Path, folder: str, problems: list[DefinitionError]) -> list[Path]:
    """The YAML files of one folder in order of their names; ``.yml`` is a problem, so that none is overlooked."""
    problems.extend(
        DefinitionError("is not read", file=f"{folder}/{path.name}", hint=f"rename it to {path.stem}.yaml")
        for path in sorted((root / folder).glob("*.yml"))
    )
    return sorted((root / folder).glob("*.yaml"))
