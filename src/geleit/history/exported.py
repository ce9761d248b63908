"""An exported journal as an engine reads it: checked against its manifest before the first question."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from geleit.errors import NotFoundError, StoreError
from geleit.history.delta import AsOf
from geleit.history.engine import Engine
from geleit.history.export import FORMAT, MANIFEST, TABLES, ExportManifest
from geleit.history.place import Place

AGAIN = "geleit journal export --parquet {uri}"


class Exported:
    """The views ``events`` and ``needs`` of one export on an engine; its state never changes.

    Errors: StoreError if the engine does not see what was exported.
    """

    def __init__(self, engine: Engine, manifest: ExportManifest, uri: str) -> None:
        self.engine = engine
        self.as_of: AsOf = manifest.as_of
        self.zone = manifest.zone
        self.days = manifest.days
        names = ("kind", "own_kind", "channel", "stage")
        self.kinds, self.own_kinds, self.channels, self.stages = (manifest.codes[name] for name in names)
        for name in TABLES:
            self._read(name, f"{uri}/{manifest.data}/{name}", manifest.counts[name])

    def _read(self, name: str, uri: str, count: int) -> None:
        self.engine.read(name, uri)
        seen = self.engine.rows(f"SELECT count(*) AS seen FROM {name}", {})["seen"][0].as_py()  # noqa: S608 (our own name)
        if seen != count:
            raise StoreError(
                f"the engine sees {seen:,} {name} of the {count:,} that were exported to {uri}",
                hint="export to a place that the engine's machines reach under the same address, such as s3://bucket/journal",
            )


class Exports:
    """A place to which the journal of a company is exported, asked through an engine; the newest export answers."""

    def __init__(self, place: Place, company: str, engine: Callable[[], Engine]) -> None:
        self.place = place
        self.company = company
        self._engine = engine

    def as_of(self) -> AsOf:
        """The state that a question asked now is answered from."""
        return self.manifest().as_of

    def open_columns(self) -> Exported:
        """The newest export, on an engine of its own."""
        manifest = self.manifest()
        self._whole(manifest)
        return Exported(self._engine(), manifest, self.place.uri)

    def manifest(self) -> ExportManifest:
        """What the newest export holds.

        Errors: NotFoundError without an export; StoreError if it is half-written, of another format or of another company.
        """
        uri, content = self.place.uri, self.place.read(MANIFEST)
        again = AGAIN.format(uri=uri)
        if not content:
            if any(folder.startswith("state-") for folder in self.place.folders()):
                raise StoreError(
                    f"the export in {uri} was interrupted and is not whole", hint=f"{again} goes on where it stopped"
                )
            raise NotFoundError(f"there is no exported journal in {uri}", hint=f"{again} makes one")
        try:
            found = msgspec.json.decode(content, type=dict)
            if found.get("format") != FORMAT:
                raise StoreError(
                    f"the export in {uri} is of format {found.get('format')}, this geleit reads {FORMAT}", hint=again
                )
            manifest = msgspec.json.decode(content, type=ExportManifest)
        except msgspec.DecodeError as error:
            raise StoreError(f"the manifest of the export in {uri} cannot be read ({error})", hint=again) from None
        if manifest.company != self.company:
            raise StoreError(
                f"the export in {uri} is of {manifest.company}, this workspace is of {self.company}; nothing was counted",
                hint="name this company's export with --journal, or its workspace with -w",
            )
        return manifest

    def _whole(self, manifest: ExportManifest) -> None:
        there = self.place.find(manifest.data)
        for name, file in manifest.files.items():
            if there.get(name) != file.bytes:
                raise StoreError(
                    f"the export in {self.place.uri} lacks {name}, or it has another size; the journal itself is safe",
                    hint=AGAIN.format(uri=self.place.uri),
                )
