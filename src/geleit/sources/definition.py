"""sources/<name>.yaml: where a source's records lie, how they are read, and which events each record gives."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, PrivateAttr, model_validator

from geleit.clock import DoubledHour, zone
from geleit.definitions import Definition, Label, fit, line_of, plain, read_tree
from geleit.errors import DefinitionError, GeleitError
from geleit.events.event import RANK_DEFAULT, RANK_MAX
from geleit.events.kinds import snake
from geleit.events.vocabulary import VOCABULARY
from geleit.sources import attach, expression, sound
from geleit.sources.attach import Attach
from geleit.sources.collect import Collecting, Hooked, IdentifierType
from geleit.sources.database import Database
from geleit.sources.expression import ITEM, Expression, ExpressionError
from geleit.sources.formats import ARCHIVE, ENDINGS, Csv, Excel, Format, ending
from geleit.sources.storage import Storage, is_remote, problem_of

LET_NAME = r"^[a-z_][a-z0-9_]*$"
Place = tuple[str | int, ...]


def _as_sql(value: Any) -> Any:
    """YAML's own numbers and truth values are SQL literals already."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int | float) else value


def _known_zone(name: str) -> str:
    try:
        zone(name)
    except GeleitError as error:
        raise ValueError(error.message) from None
    return name


def _as_kind(name: str) -> str:
    kind = snake(name)
    if not kind:
        raise ValueError("a kind needs letters")
    return kind


def _as_files(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


Sql = Annotated[str, BeforeValidator(_as_sql), Field(min_length=1)]
Zone = Annotated[str, AfterValidator(_known_zone)]
KindName = Annotated[str, AfterValidator(_as_kind)]


class Touchpoint(Definition):
    """SQL expressions that say where this event happened, instead of kinds.yaml."""

    stage: Sql | None = Field(None, description="SQL expression: id of a stage")
    channel: Sql | None = Field(None, description="SQL expression: id of a channel")
    medium: Sql | None = Field(None, description="SQL expression: online, offline or phone")
    ownership: Sql | None = Field(None, description="SQL expression: home, earned, paid, other or owned")
    initiator: Sql | None = Field(None, description="SQL expression: person or company")


class EventDefinition(Definition):
    """One event that a record gives when ``when`` holds."""

    kind: KindName | None = Field(None, description="the event kind, written as snake_case whatever its spelling")
    kind_from: Sql | None = Field(None, description="SQL expression whose text becomes the kind (instead of kind)")
    each: Sql | None = Field(
        None, description="SQL expression giving a JSON array: one event per element, which is the JSON column item"
    )
    when: Sql | None = Field(None, description="SQL condition; without it every record gives this event")
    key: Sql | None = Field(
        None, description="SQL expression, unique in this source; default: hash of the record and place in the list"
    )
    time: Sql = Field(description="SQL expression: when it happened, as text, timestamp or seconds since 1970")
    time_format: str = Field(
        "", description="strptime format of the text, such as %d.%m.%Y %H:%M; default: as it looks"
    )
    identifiers: dict[IdentifierType, Sql] = Field(
        description="identifier type (email, till.customer_no) to SQL expression; empty ones are left out", min_length=1
    )
    traits: dict[str, Sql] = Field(default_factory=dict, description="trait name to SQL expression")
    properties: dict[str, Sql] = Field(default_factory=dict, description="property name to SQL expression")
    place: Touchpoint = Field(Touchpoint(), description="where it happened, where that differs from kinds.yaml")
    evidence: Literal["log", "told", "public"] | None = Field(None, description="what this event rests on")

    @model_validator(mode="after")
    def _one_kind(self) -> EventDefinition:
        if (self.kind is None) == (self.kind_from is None):
            raise ValueError("give either kind (a fixed kind) or kind_from (an SQL expression)")
        return self

    def expressions(self) -> Iterator[tuple[Place, str]]:
        """Every expression with its place inside this definition, in the order in which they are computed."""
        for name in ("each", "when", "time", "key", "kind_from"):
            if text := getattr(self, name):
                yield (name,), text
        for group in ("identifiers", "traits", "properties"):
            yield from (((group, name), text) for name, text in getattr(self, group).items())
        for name in Touchpoint.model_fields:
            if text := getattr(self.place, name):
                yield ("place", name), text


class SourceDefinition(Definition):
    """One source: a system of the company whose exported files become events."""

    label: Label = Field(default_factory=dict, description="the source's name for people, per language")
    file: Annotated[tuple[str, ...], BeforeValidator(_as_files)] = Field(
        (),
        description="path or pattern inside the workspace (exports/till-*.csv) or in a store (s3://bucket/till-*.csv), "
        "or a list of them",
    )
    database: Database | None = Field(None, description="table or query whose rows are the records (instead of file)")
    collect: Collecting | None = Field(
        None, description="client libraries send its events (true, or how): Segment spec, CloudEvents, Jitsu"
    )
    hook: Hooked | None = Field(
        None,
        description="the system sends records to /hooks/<source> (true, or how it signs), besides or instead of file",
    )
    storage: Storage = Field(Storage(), description="how the store is reached in which files lie")
    format: Format | None = Field(
        None, description="csv, json, jsonl, parquet, excel or xes; default: by the file's ending"
    )
    csv: Csv = Field(Csv(), description="how CSV files are written")
    excel: Excel = Field(Excel(), description="where in a workbook the records stand")
    records: str = Field(
        "", description="json only: dotted path to the records inside the document; * for all members of an object"
    )
    member: str = Field("", description="zip only: pattern of the files inside; default: all of a known format")
    zone: Zone | None = Field(None, description="time zone of times without offset; default: the company's")
    doubled_hour: DoubledHour = Field("earlier", description="which turn of the hour that the clocks repeat in autumn")
    rank: int = Field(
        RANK_DEFAULT, ge=0, le=RANK_MAX, description="who comes first when two sources say the same microsecond"
    )
    evidence: Literal["log", "told", "public"] = Field("log", description="what this source's events rest on")
    system: str = Field("", description="whose order numbers these are; default: the source's name")
    repeats: Literal["one", "each"] = Field(
        "one", description="records of a file that are equal to the letter: one thing told twice, or each its own"
    )
    changed: Literal["keep", "add"] = Field(
        "keep",
        description="a known key with another content: the earlier stands and the later waits in quarantine, or each "
        "content is an event of its own (lists of states, such as contacts)",
    )
    skip: Sql | None = Field(None, description="SQL condition: records to leave out on purpose")
    group: Sql | None = Field(
        None, description="SQL expression: records of equal value are one record, and expressions may aggregate"
    )
    attach: dict[Annotated[str, Field(pattern=LET_NAME)], Attach] = Field(
        default_factory=dict,
        description="rows of other files that each record takes along (order lines, references): name of a JSON column, "
        "an array of objects, to the file and the columns that rows go by",
    )
    let: dict[Annotated[str, Field(pattern=LET_NAME)], Sql] = Field(
        default_factory=dict, description="named expressions for use in all others; later ones may use earlier ones"
    )
    events: tuple[EventDefinition, ...] = Field(
        (), description="the events that a record gives; what client libraries send needs none"
    )
    _name: str = PrivateAttr("")

    @model_validator(mode="after")
    def _one_place(self) -> SourceDefinition:
        if self.file and self.database:
            raise ValueError("give either file (exports of a system) or database (its table)")
        if not (self.file or self.database or self.collect or self.hook):
            raise ValueError(
                "give either file (exports of a system), database (its table), hook (it sends records) or collect (client "
                "libraries send events)"
            )
        if not self.events and (self.file or self.database or self.hook):
            raise ValueError("give events: what a record becomes")
        return self

    @property
    def pulled(self) -> bool:
        """Whether an import reads it; others only send."""
        return bool(self.file or self.database)

    @property
    def name(self) -> str:
        """The source's name: its file's name without ending."""
        return self._name

    @property
    def system_name(self) -> str:
        """Whose order numbers these are."""
        return self.system or self._name

    @property
    def decimal(self) -> str:
        """The decimal mark for values that do not tell; all formats but CSV always write a point."""
        if self.csv.decimal:
            return self.csv.decimal
        names = [self.member if ending(file) == ARCHIVE else file for file in self.file]
        by_ending = {ENDINGS.get(ending(name)) for name in names}
        return "" if self.format == "csv" or (not self.format and by_ending & {"csv", None}) else "."

    def named(self, name: str) -> SourceDefinition:
        """This definition under a name."""
        copy = self.model_copy()
        copy._name = name  # noqa: SLF001 (its own class)
        return copy

    def format_of(self, file: str) -> Format:
        """How a file is read.

        Errors: GeleitError when neither ``format`` nor the ending says it.
        """
        if self.format:
            return self.format
        known = ENDINGS.get(ending(file))
        if known is None:
            raise GeleitError(
                f"sources/{self.name}.yaml: the ending of '{file}' does not tell its format",
                hint="add 'format: csv' (or json, jsonl, parquet, excel, xes)",
            )
        return known

    def expressions(self) -> Iterator[tuple[Place, str]]:
        """Every expression with its place in the file."""
        for name in ("skip", "group"):
            if text := getattr(self, name):
                yield (name,), text
        for position, event in enumerate(self.events):
            yield from ((("events", position, *place), text) for place, text in event.expressions())

    def check(self, place: Place, text: str) -> Expression:
        """One of its expressions, checked: aggregates only in events of a grouped source, ``item`` only with each."""
        grouped = bool(self.group) and place[0] == "events"
        return expression.check(text, lets=self.let, grouped=grouped)


def require_pulled(definition: SourceDefinition) -> SourceDefinition:
    """The source itself. Errors: GeleitError for one that only sends."""
    if not definition.pulled:
        raise GeleitError(
            f"the source {definition.name} only sends, there is nothing to import",
            hint="geleit serve takes what it sends; geleit key create makes its write key",
        )
    return definition


def load_source(path: Path, root: Path | None = None) -> SourceDefinition:
    """Read sources/<name>.yaml and check what can be checked without its records.

    Errors: DefinitionError with file, line, value and remedy: the model, every expression, required properties.
    """
    mark = sound.mark(path) if root else ""
    if root and (kept := sound.recall(path, root, mark)):
        return SourceDefinition.model_validate(kept).named(path.stem)
    name = str(path.relative_to(root)) if root and path.is_relative_to(root) else path.name
    tree = read_tree(path, name)
    definition = fit(tree, SourceDefinition, name).named(path.stem)
    for place, message, hint in problems(definition):
        raise DefinitionError(f"{_dotted(place)}: {message}", file=name, line=line_of(tree, list(place)), hint=hint)
    if root:
        sound.remember(path, root, mark, plain(tree))
    return definition


def problems(definition: SourceDefinition) -> Iterator[tuple[Place, str, str]]:
    """What is wrong with a definition, as place, problem and remedy; lets first, for the others build on them."""
    lets = [(text, _earlier(definition.let, name)) for name, text in definition.let.items()]
    expression.read_ahead([*lets, *((text, definition.let) for _, text in definition.expressions())])
    for name, text in definition.let.items():
        try:
            expression.check(text, lets=_earlier(definition.let, name), grouped=bool(definition.group))
        except ExpressionError as error:
            yield ("let", name), error.message, error.hint
    for place, text in definition.expressions():
        try:
            checked = definition.check(place, text)
        except ExpressionError as error:
            yield place, error.message, error.hint
            continue
        if ITEM in checked.columns and place[-1] == "each":
            yield place, "'item' is an element of this very list", "name the column that holds the list"
    for position, event in enumerate(definition.events):
        known = VOCABULARY.get(event.kind or "")
        for need in known.requires if known else ():
            if not event.properties.keys() & set(need.split("|")):
                missing = need.replace("|", " or ")
                hint = f"add '{need.split('|')[0]}:' under properties"
                yield ("events", position), f"the kind {event.kind} requires the property {missing}", hint
    if definition.database and definition.database.since and definition.group:
        hint = "take 'since' away, or let the query group: GROUP BY with json_agg"
        yield ("group",), "a group needs all its rows, and since reads only those that changed", hint
    yield from attach.problems(definition)
    for file in definition.file:
        if is_remote(file):
            if problem := problem_of(file):
                yield ("file",), f"'{file}': {problem}", "s3://bucket/folder/*.csv is the usual form"
        elif Path(file).is_absolute() or ".." in Path(file).parts:
            yield ("file",), f"'{file}' lies outside the workspace", "copy or link its folder into the workspace"
        if "*" not in ending(file) and not file.endswith("*") and ending(file) != ARCHIVE:  # else each tells its own
            yield from _format_problems(definition, file)


def _earlier(lets: dict[str, str], name: str) -> dict[str, str]:
    names = list(lets)
    return {earlier: lets[earlier] for earlier in names[: names.index(name)]}


def _format_problems(definition: SourceDefinition, file: str) -> Iterator[tuple[Place, str, str]]:
    try:
        definition.format_of(file)
    except GeleitError as error:
        yield ("file",), error.message.partition(": ")[2], error.hint


def _dotted(place: Place) -> str:
    return ".".join(str(part) for part in place)
