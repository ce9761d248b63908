"""Reads whole blocks of plain CSV at once; what a pattern does not prove to be plain is left to the reader of single rows.

For plain blocks the result is the same: the same records, ids and line numbers, many times faster.
"""

from __future__ import annotations

import re
from functools import lru_cache
from importlib import import_module

import pyarrow as pa
import pyarrow.csv as pcsv

from geleit.sources.records import RECORD_CHARACTERS
from geleit.sources.vectors_joined import paid

BLOCK = 1 << 22  # characters read at once


@lru_cache(maxsize=8)
def _plain(delimiter: str, quote: str) -> re.Pattern[str]:
    """Lines of fields that are either bare or wholly quoted, without line breaks and NUL inside; no empty lines."""
    d, q = re.escape(delimiter), re.escape(quote)
    bare = rf"[^{q}{d}\r\n\0]*+" if quote else rf"[^{d}\r\n\0]*+"
    quoted = rf"{q}[^{q}\r\n\0]*+(?:{q}{q}[^{q}\r\n\0]*+)*+{q}|" if quote else ""
    value = rf"(?:{quoted}{bare})"
    return re.compile(rf"(?:(?!\r?\n){value}(?:{d}{value})*+\r?\n)*+")


def table_of(block: str, header: list[str], delimiter: str, quote: str) -> pa.Table | None:
    """The rows of a block of whole lines as columns of text; None if some row is not plain."""
    if not (delimiter + quote).isascii():  # Arrow knows no other marks
        return None
    try:
        data = block.encode()
    except UnicodeEncodeError:  # bytes that are not of the file's encoding
        return None
    lines = _lines(block, data, delimiter, quote)
    if not lines:
        return None
    try:
        table = pcsv.read_csv(
            pa.py_buffer(data),
            pcsv.ReadOptions(use_threads=False, block_size=len(data) + 1, column_names=header),
            pcsv.ParseOptions(delimiter=delimiter, quote_char=quote or False),
            pcsv.ConvertOptions(
                check_utf8=False,
                column_types=dict.fromkeys(header, pa.string()),
                null_values=[],
                strings_can_be_null=False,
            ),
        )
    except pa.ArrowInvalid:  # a row of more or fewer fields
        return None
    return table if table.num_rows == lines else None


def _lines(block: str, data: bytes, delimiter: str, quote: str) -> int:
    """How many lines a plain block has; none if it is not plain. ``data``: the same in UTF-8."""
    if paid():
        found: int = import_module("geleit.sources.csv_kernels").plain_lines(data, delimiter, quote, RECORD_CHARACTERS)
        return max(0, found)
    plain = _plain(delimiter, quote).fullmatch(block) and max(map(len, block.split("\n"))) <= RECORD_CHARACTERS
    return block.count("\n") if plain else 0
