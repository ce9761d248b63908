"""Links records that are probably one person: one way for every file, from columns to people."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import duckdb
import numpy as np
import pyarrow as pa

from geleit.errors import GeleitError
from geleit.identity.linkage import model as models
from geleit.identity.linkage.blocking import Coverage, block
from geleit.identity.linkage.clusters import cluster
from geleit.identity.linkage.columns import Column, recognize
from geleit.identity.linkage.comparisons import Compared, compared
from geleit.identity.linkage.records import Records, normalized
from geleit.identity.linkage.spelling import nickname, sound
from geleit.identity.linkage.threshold import Expected, choose

MEMORY = "2GB"  # for DuckDB; beyond it, it writes to disk
RANDOM_PAIRS = 600_000
UNSEEN_RECORDS = 50  # behind a short list of names there are more people than those in it
SEED = 20261122


def nothing(_: str) -> None:
    """Progress that nobody watches."""


@dataclass(slots=True)
class Scored:
    """Compared pairs (record numbers), how alike each is, and what the household took away, both as log2."""

    left: np.ndarray
    right: np.ndarray
    weight: np.ndarray
    household: np.ndarray
    gammas: np.ndarray


@dataclass(slots=True)
class Linked:
    """The outcome: a person's number per record, and how it was found."""

    people: np.ndarray
    columns: list[Column]
    records: Records
    compared: list[Compared]
    coverage: Coverage
    pairs: Scored
    model: models.Model | None
    expected: Expected


def link(
    table: pa.Table, *, kept_out: Sequence[str] = (), across: Sequence[str] = (), now: Callable[[str], None] = nothing
) -> Linked:
    """Find the people behind the records of a table.

    ``kept_out``: columns that must not be looked at (the truth, the name of the system); ``across``: the system of each
    record, if only records of different systems are to be compared. Errors: GeleitError if the engine is missing.
    """
    now("recognizing columns")
    columns = recognize(table, kept_out)
    records = normalized(table, columns)
    comparisons = compared(records)
    with duckdb.connect() as connection:
        connection.execute("SET enable_progress_bar = false")
        connection.execute(f"SET memory_limit = '{MEMORY}'")
        _write(connection, records, across)
        now("choosing what to compare")
        coverage = block(connection, records, "system_of" if across else "")
        if not comparisons or not coverage.pairs:
            return _unlinked(columns, records, comparisons, coverage)
        now(f"comparing {coverage.pairs:,} pairs")
        engine = Engine(connection, comparisons)
        left, right, gammas = engine.levels("pair")
        every = coverage.pairs == coverage.possible
        random = gammas if every else engine.levels(_random_pairs(connection, records.count))[2]
    now("learning what likeness says")
    rarity = _rarity(records, comparisons, left, right, gammas)
    model = models.learn(gammas, rarity, models.chance(random, comparisons), comparisons, coverage.possible)
    weight, household = models.weights(model, gammas, rarity, comparisons)
    expected = choose(weight)
    now("making people")
    people = cluster(records.count, left, right, weight, expected.threshold)
    pairs = Scored(left, right, weight, household, gammas)
    return Linked(people, columns, records, comparisons, coverage, pairs, model, expected)


def _unlinked(columns: list[Column], records: Records, comparisons: list[Compared], coverage: Coverage) -> Linked:
    """Nothing to compare: each record is a person of its own."""
    none = np.array([], np.int64)
    pairs = Scored(none, none, none.astype(float), none.astype(float), np.zeros((0, len(comparisons)), np.int8))
    return Linked(
        np.arange(records.count), columns, records, comparisons, coverage, pairs, None, Expected(0.0, 1.0, 1.0, 1.0)
    )


def _write(connection: duckdb.DuckDBPyConnection, records: Records, across: Sequence[str]) -> None:
    """The table ``record``: normal forms and what blocking and comparing need besides."""
    fields = dict(records.fields)
    for name in ("first", "last"):
        if name in fields:
            fields[f"{name}_sound"] = [sound(text) if text else "" for text in fields[name]]
    if "first" in fields:
        fields["first_nick"] = [nickname(text.split(" ")[0]) if text else "" for text in fields["first"]]
    if "email" in fields:
        fields["email_name"] = [text.split("@")[0] for text in fields["email"]]
    if "street" in fields:
        numbers = fields.get("house_number", [""] * records.count)
        fields["home"] = [f"{a} {b}" if a and b else a for a, b in zip(fields["street"], numbers, strict=True)]
        records.fields["home"] = fields["home"]
    columns = {name: pa.array([text or None for text in texts], pa.string()) for name, texts in fields.items()}
    if across:
        columns["system_of"] = pa.array(across, pa.string())
    if "company" in fields:
        columns["company_words"] = pa.array(
            [[w for w in text.split() if len(w) > 3] for text in fields["company"]], pa.list_(pa.string())
        )
    table = pa.table({"unique_id": pa.array(np.arange(records.count, dtype=np.int32)), **columns})
    connection.register("given", table)
    connection.execute("CREATE OR REPLACE TABLE record AS FROM given")
    connection.unregister("given")


def _random_pairs(connection: duckdb.DuckDBPyConnection, count: int) -> str:
    chance = np.random.default_rng(SEED)
    if count * (count - 1) // 2 <= RANDOM_PAIRS:
        left, right = np.triu_indices(count, 1)
    else:
        left, right = chance.integers(0, count, (2, RANDOM_PAIRS))
        left, right = left[left != right], right[left != right]
    low, high = np.minimum(left, right), np.maximum(left, right)
    table = pa.table(
        {
            "join_key_l": low.astype(np.int32),
            "join_key_r": high.astype(np.int32),
            "match_key": pa.array(["0"] * len(low)),
        }
    )
    connection.register("given", table)
    connection.execute("CREATE OR REPLACE TABLE random_pair AS FROM given")
    connection.unregister("given")
    return "random_pair"


class Engine:
    """Splink on DuckDB, comparing given pairs by given comparisons."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, comparisons: Sequence[Compared]) -> None:
        self.connection, self.comparisons = connection, comparisons

    def levels(self, pairs: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(left, right, level per comparison; 0 the best, -1 unknown) of every pair in a table."""
        try:
            from splink import DuckDBAPI, Linker, SettingsCreator, block_on  # noqa: PLC0415 -- an extra
        except ImportError:
            raise GeleitError(
                "the engine that compares records is not installed", hint="pip install 'geleit[linkage]'"
            ) from None
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            api = DuckDBAPI(self.connection)
            settings = SettingsCreator(
                link_type="dedupe_only",
                comparisons=[self._with_guesses(one) for one in self.comparisons],
                blocking_rules_to_generate_predictions=[block_on("unique_id")],
                retain_matching_columns=False,
                retain_intermediate_calculation_columns=True,
            )
            linker = Linker(api.register("record"), settings, log_level=None, validate_settings=False)
            linker.table_management.register_blocked_pairs_for_predict(api.register(pairs))
            predicted = linker.inference.predict(warning_mode="never")
        gammas = ", ".join(f"{self._level(one)} AS g{place}" for place, one in enumerate(self.comparisons))
        found = self.connection.sql(
            f"SELECT unique_id_l, unique_id_r, {gammas} FROM {predicted.physical_name} ORDER BY 1, 2"  # noqa: S608
        ).to_arrow_table()
        self.connection.execute(f"DROP TABLE {predicted.physical_name}")
        stacked = np.stack([found[f"g{place}"].to_numpy() for place in range(len(self.comparisons))], axis=1)
        return (
            found["unique_id_l"].to_numpy().astype(np.int64),
            found["unique_id_r"].to_numpy().astype(np.int64),
            stacked.astype(np.int8),
        )

    @staticmethod
    def _level(one: Compared) -> str:
        return f"(round(mw_{one.name}) - 1)::TINYINT"

    @staticmethod
    def _with_guesses(one: Compared) -> dict[str, object]:
        # Of all columns only the weights come back without the texts beside them; weights that count the levels tell
        # which level it was: 1 the best, 2 the next; unknown weighs 0.
        return one.for_splink([0.5] * one.size, [0.5 ** (place + 2) for place in range(one.size)])


def _rarity(
    records: Records, comparisons: Sequence[Compared], left: np.ndarray, right: np.ndarray, gammas: np.ndarray
) -> np.ndarray:
    """Bits that it takes a stranger to have the same value, per pair and comparison; NaN where the values differ."""
    found = np.full(gammas.shape, np.nan)
    for place, one in enumerate(comparisons):
        if not one.rare or one.rare not in records.fields:
            continue
        encoded = pa.array([text or None for text in records.fields[one.rare]], pa.string()).dictionary_encode()
        codes = encoded.indices.fill_null(-1).to_numpy()
        counts = np.bincount(codes[codes >= 0])
        same = (gammas[:, place] == 0) & (codes[left] >= 0) & (codes[left] == codes[right])
        found[same, place] = -np.log2(_shares(counts)[codes[left[same]]])
    return found


def _shares(counts: np.ndarray) -> np.ndarray:
    """How many strangers have each value, as a share: the others who have it, among all.

    Where values are as many as records (names in a short list), among some more who were not seen.
    """
    filled = max(counts.sum(), 1)
    unseen = UNSEEN_RECORDS * (len(counts) / filled) ** 2
    found: np.ndarray = (counts - 0.5) / (filled + unseen)
    return found
