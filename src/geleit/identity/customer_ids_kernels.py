"""Machine code for the hashes behind customer ids (BLAKE2b of eight bytes), a million in a fifth of a second."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from geleit.compiling import kernel

Words = npt.NDArray[np.uint64]
Bytes = npt.NDArray[np.uint8]
Longs = npt.NDArray[np.int64]

BLOCK = 128  # bytes that are hashed at once
# RFC 7693: the initial state, and the order of a block's words in each round.
INITIAL = np.array(
    [
        *(0x6A09E667F3BCC908, 0xBB67AE8584CAA73B, 0x3C6EF372FE94F82B, 0xA54FF53A5F1D36F1),
        *(0x510E527FADE682D1, 0x9B05688C2B3E6C1F, 0x1F83D9ABFB41BD6B, 0x5BE0CD19137E2179),
    ],
    np.uint64,
)
ORDER = np.array(
    [
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
        [14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3],
        [11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4],
        [7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8],
        [9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13],
        [2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9],
        [12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11],
        [13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10],
        [6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5],
        [10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0],
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
        [14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3],
    ],
    np.int64,
)
EIGHT_BYTES = np.uint64(0x01010008)  # the parameters: no key, no tree, a digest of eight bytes


@kernel
def _turned(word: np.uint64, by: int) -> np.uint64:
    """A word turned right."""
    return (word >> np.uint64(by)) | (word << np.uint64(64 - by))


@kernel
def _mix(work: Words, four: tuple[int, int, int, int], one: np.uint64, other: np.uint64) -> None:
    """Mix two words of a block into four of the work."""
    a, b, c, d = four
    work[a] = work[a] + work[b] + one
    work[d] = _turned(work[d] ^ work[a], 32)
    work[c] = work[c] + work[d]
    work[b] = _turned(work[b] ^ work[c], 24)
    work[a] = work[a] + work[b] + other
    work[d] = _turned(work[d] ^ work[a], 16)
    work[c] = work[c] + work[d]
    work[b] = _turned(work[b] ^ work[c], 63)


@kernel
def _compress(state: Words, work: Words, block: Words, hashed: int, last: bool) -> None:
    for place in range(8):
        work[place] = state[place]
        work[place + 8] = INITIAL[place]
    work[12] ^= np.uint64(hashed)
    if last:
        work[14] = ~work[14]
    for order in ORDER:
        _mix(work, (0, 4, 8, 12), block[order[0]], block[order[1]])
        _mix(work, (1, 5, 9, 13), block[order[2]], block[order[3]])
        _mix(work, (2, 6, 10, 14), block[order[4]], block[order[5]])
        _mix(work, (3, 7, 11, 15), block[order[6]], block[order[7]])
        _mix(work, (0, 5, 10, 15), block[order[8]], block[order[9]])
        _mix(work, (1, 6, 11, 12), block[order[10]], block[order[11]])
        _mix(work, (2, 7, 8, 13), block[order[12]], block[order[13]])
        _mix(work, (3, 4, 9, 14), block[order[14]], block[order[15]])
    for place in range(8):
        state[place] ^= work[place] ^ work[place + 8]


@kernel
def _hash(texts: tuple[Bytes, Longs], before: tuple[Bytes, Longs], kinds: npt.NDArray[np.int16], found: Words) -> None:
    data, ends = texts
    letters, bounds = before
    state, work = np.empty(8, np.uint64), np.empty(16, np.uint64)
    block = np.empty(BLOCK, np.uint8)
    words = block.view(np.uint64)
    for row in range(len(kinds)):
        state[:] = INITIAL
        state[0] ^= EIGHT_BYTES
        filled = hashed = 0
        first, start = bounds[kinds[row]], ends[row]
        head = bounds[kinds[row] + 1] - first
        length = head + ends[row + 1] - start
        for place in range(length):
            if filled == BLOCK:
                hashed += BLOCK
                _compress(state, work, words, hashed, False)
                filled = 0
            block[filled] = letters[first + place] if place < head else data[start + place - head]
            filled += 1
        block[filled:] = 0
        _compress(state, work, words, hashed + filled, True)
        found[row] = state[0]


def hashes(prefixes: Sequence[bytes], kinds: npt.NDArray[np.int16], values: pa.Array) -> Words:
    """The first eight bytes, as they stand, of the hash of each prefix and text (large_string, none is null)."""
    _, offsets, data = values.buffers()
    ends = np.frombuffer(offsets, np.int64)[values.offset : values.offset + len(values) + 1]
    letters = np.frombuffer(data or b"\0", np.uint8)
    bounds = np.cumsum([0, *map(len, prefixes)])
    found = np.empty(len(values), np.uint64)
    _hash((letters, ends), (np.frombuffer(b"".join(prefixes), np.uint8), bounds), kinds, found)
    return found.byteswap()  # a digest's first byte is the highest of an id, and a word's lowest
