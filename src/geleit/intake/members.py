"""Who is in the identifier sets of staged rows, as the parts of a bulk load keep it: each set once, a row for each member."""

from __future__ import annotations

from importlib import import_module

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from geleit.events.event import Identifier
from geleit.identity.evidence import fingerprint
from geleit.sources.vectors import flat
from geleit.sources.vectors_joined import worthwhile

FORM = pa.schema(
    [
        ("set_key", pa.int64()),
        ("rest", pa.int64()),
        ("type", pa.dictionary(pa.int32(), pa.string())),
        ("value", pa.string()),
    ]
)
REMEMBERED = 1 << 23  # sets, at most

Numbers = npt.NDArray[np.int64]


class _Named(msgspec.Struct):
    identifiers: tuple[tuple[str, str], ...] = ()


_decoder = msgspec.json.Decoder(_Named)


class Written:
    """Most of the sets that acknowledged parts of a load hold already, so that the next ones need not say it again."""

    def __init__(self) -> None:
        self._keys: Numbers = np.zeros(REMEMBERED, np.int64)  # by their last bits; inverted, so that none is 0

    def without(self, keys: Numbers) -> Numbers:
        """The places of keys that may be new."""
        return np.flatnonzero(self._keys[keys & (REMEMBERED - 1)] != ~keys)

    def note(self, keys: Numbers) -> None:
        """Remember sets; whichever stands in their place is forgotten."""
        self._keys[keys & (REMEMBERED - 1)] = ~keys


def members_of(rows: pa.Table, written: Written | None = None) -> pa.Table:
    """The sets of staged rows (``set_key``, ``rest``, ``body``) as ``FORM``, but those ``written``.

    A set without members has one row without type and value.
    """
    keys = rows["set_key"].to_numpy()
    places = np.arange(len(keys)) if written is None else written.without(keys)
    places = np.sort(places[np.unique(keys[places], return_index=True)[1]])
    find = _quickly if worthwhile(len(keys)) else _one_by_one
    owner, type_, value = find(flat(rows["body"]), places)
    wanted = places[owner]
    rest = rows["rest"].to_numpy()[wanted]
    return pa.table([pa.array(keys[wanted]), pa.array(rest), type_, value], schema=FORM)


def with_rests(rows: pa.Table) -> pa.Table:
    """Stored rows with the column ``rest`` that staged ones have."""
    _, first, each = np.unique(rows["set_key"].to_numpy(), return_index=True, return_inverse=True)
    bodies = rows["body"].take(pa.array(first)).to_pylist()
    named = ([Identifier(*one) for one in _decoder.decode(body).identifiers] for body in bodies)
    rests = np.array([fingerprint(members)[1] for members in named], np.int64)
    return rows.append_column("rest", pa.array(rests[each]))


def _one_by_one(bodies: pa.Array, places: Numbers) -> tuple[Numbers, pa.Array, pa.Array]:
    """Of the bodies at some places: whose each member is (a place in ``places``), its type and its value."""
    owner: list[int] = []
    types: list[str | None] = []
    values: list[str | None] = []
    for place, body in enumerate(bodies.take(pa.array(places)).to_pylist()):
        for type_, value in _decoder.decode(body).identifiers or ((None, None),):
            owner.append(place)
            types.append(type_)
            values.append(value)
    return np.array(owner, np.int64), pa.array(types, FORM.field("type").type), pa.array(values, pa.string())


def _quickly(bodies: pa.Array, places: Numbers) -> tuple[Numbers, pa.Array, pa.Array]:
    """The same by machine code, but for bodies that are not written plainly."""
    kernels = import_module("geleit.intake.members_kernels")
    owner, kinds, types, values, odd = kernels.members(bodies, places)
    found = (owner, pa.DictionaryArray.from_arrays(kinds, types), values)
    if not len(odd):
        return found
    slow = _one_by_one(bodies, places[odd])
    both = pa.chunked_array([found[1], slow[1]]).unify_dictionaries()
    return (
        np.concatenate([found[0], odd[slow[0]]]),
        pa.concat_arrays(both.chunks),
        pa.concat_arrays([found[2], slow[2]]),
    )
