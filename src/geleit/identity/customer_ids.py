"""Customer ids of whole columns: numbers of 60 bits, the order of their texts, and the texts, as ``graph.customer_id`` makes them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from importlib import import_module

import numpy as np
import numpy.typing as npt
import pyarrow as pa

WORTH = 200_000  # ids from which machine code saves more time than it takes to load it
LETTERS = np.frombuffer(b"abcdefghijklmnopqrstuvwxyz234567", np.uint8)
DIGITS, BITS = 12, 5
DIGITS_FIRST = 6  # how far letters stand behind the six digits in the order of texts
SHIFTS = np.arange(BITS * (DIGITS - 1), -1, -BITS, dtype=np.uint64)
MASK = np.uint64(2**BITS - 1)

Ids = npt.NDArray[np.uint64]


def ids_of(types: Sequence[str], kinds: npt.NDArray[np.int16], values: pa.Array) -> Ids:
    """The ids of the customers that are named after identifiers: the place of each one's type, its value (large_string)."""
    if len(values) >= WORTH:
        kernels = import_module("geleit.identity.customer_ids_kernels")
        found: Ids = kernels.hashes([f"{type_}:".encode() for type_ in types], kinds, values)
    else:
        names = zip(kinds.tolist(), values.to_pylist(), strict=True)
        texts = (f"{types[kind]}:{value}".encode() for kind, value in names)
        joined = b"".join(hashlib.blake2b(text, digest_size=8).digest() for text in texts)
        found = np.frombuffer(joined, ">u8").astype(np.uint64)
    return found >> np.uint64(64 - BITS * DIGITS)


def order_of(ids: Ids) -> Ids:
    """Numbers in the order of the texts: digits come before letters there."""
    found = np.zeros(len(ids), np.uint64)
    for shift in SHIFTS:
        found |= ((ids >> shift) + np.uint64(DIGITS_FIRST) & MASK) << shift
    return found


def texts_of(ids: Ids) -> pa.Array:
    """The ids as they are written everywhere else."""
    return texts_at(ids, np.arange(len(ids)))


def texts_at(ids: Ids, places: npt.NDArray[np.int64]) -> pa.Array:
    """The texts of the ids at these places; '' for a place of -1."""
    there = places >= 0
    letters = np.empty((len(ids), 1 + DIGITS), np.uint8)
    letters[:, 0] = ord("c")
    for place, shift in enumerate(SHIFTS):
        letters[:, 1 + place] = LETTERS[(ids >> shift & MASK).astype(np.uint8)]
    found = letters[places if there.all() else places[there]]
    offsets = np.zeros(len(places) + 1, np.int64)
    np.cumsum(there * (1 + DIGITS), out=offsets[1:])
    return pa.Array.from_buffers(pa.large_string(), len(places), [None, pa.py_buffer(offsets), pa.py_buffer(found)])
