"""CSV as people's systems write it: every dialect and encoding, lines without end; what cannot be read costs only itself."""

import csv
import io
import itertools
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reading import EVENT, read_apart

from geleit.errors import DefinitionError
from geleit.sources import csv_blocks, csv_records, lines, vectors_joined
from geleit.sources.definition import SourceDefinition
from geleit.sources.records import RECORD_CHARACTERS
from lengths import TIMES


def definition(**options):
    return SourceDefinition.model_validate({"file": "a.csv", "csv": options, "events": [EVENT]}).named("a")


def read(data, columns=frozenset(), **options):
    """All records as dicts, and the rejected ones."""
    handle = data if hasattr(data, "read") else io.BytesIO(data)
    chunks = list(csv_records.read(definition(**options), handle, "a.csv", columns))
    return [json.loads(raw) for c in chunks for raw in c.raw], [r for c in chunks for r in c.rejected]


def rows(data, **options):
    records, rejected = read(data, **options)
    assert rejected == []
    return [list(record.values()) for record in records]


FIELD = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12) | st.text(
    st.sampled_from(" ,;\t|\"'\\\r\n#a^="), max_size=8
)


@st.composite
def tables(draw):
    width = draw(st.integers(2, 5))
    body = draw(st.lists(st.lists(FIELD, min_size=width, max_size=width), min_size=1, max_size=30))
    return [[f"c{i}" for i in range(width)], *body]


@settings(max_examples=150)
@given(
    table=tables(),
    marks=st.tuples(
        st.sampled_from([";", ",", "\t", "|", "^", "§", "#", ":"]),
        st.sampled_from(['"', "'"]),
        st.sampled_from(["", "\\"]),
    ),
    quoting=st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
    ending=st.sampled_from(["\n", "\r\n", "\r"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"]),
)
def test_whatever_is_written_is_read_back(table, marks, quoting, ending, encoding):
    delimiter, quote, escape = marks
    if quoting == csv.QUOTE_MINIMAL:  # the writer leaves line breaks bare that are not its own
        table = [[field.replace("\r", "").replace("\n", "") for field in row] for row in table]
    text = io.StringIO(newline="")
    options = {"delimiter": delimiter, "quotechar": quote, "escapechar": escape or None, "doublequote": not escape}
    csv.writer(text, quoting=quoting, lineterminator=ending, **options).writerows(table)
    options = {"delimiter": delimiter, "quote": quote, "escape": escape, "encoding": encoding}
    assert rows(text.getvalue().encode(encoding), **options) == table[1:]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("delimiter", [";", ",", "\t", "|", "\x1f", "^"])
def test_encoding_and_delimiter_are_found(encoding, delimiter):
    lines_ = ["Kunde;Straße;Ort", "77;Große Straße 1, Hof;Köln", "78;Am Markt;Gießen"]
    data = "\n".join(lines_).replace(";", delimiter).encode(encoding)
    if delimiter == ",":
        data = data.decode(encoding).replace("1, Hof", "1").encode(encoding)
    assert [row[2] for row in rows(data)] == ["Köln", "Gießen"]


def test_cp1252_and_latin1_are_declared():
    data = "Straße;Preis\nGrüße;5 €\n".encode("cp1252")
    assert rows(data, encoding="cp1252") == [["Grüße", "5 €"]]
    assert rows("Straße;Preis\nGrüße;5\n".encode("latin-1"), encoding="latin-1") == [["Grüße", "5"]]


def test_a_header_in_another_encoding_says_the_remedy():
    with pytest.raises(lines_error(), match=r"header is not utf-8; try 'encoding: cp1252'"):
        read("Straße;Preis\n1;2\n".encode("cp1252"))


def lines_error():
    return csv_records.UnreadableError


def test_no_quotes_at_all():
    data = b'name;text\nAda;27" Bildschirm; x\n"Bob;"y\n'
    records, rejected = read(data, quote="")
    assert [list(r.values()) for r in records] == [['"Bob', '"y']]
    assert [(r.line, r.reason) for r in rejected] == [(2, "wrong_field_count")]


def test_a_file_without_header_is_given_one():
    assert read(b"1;Ada\n2;Bob\n", header=["id", "name"])[0] == [{"id": "1", "name": "Ada"}, {"id": "2", "name": "Bob"}]


def test_lines_above_the_header_are_left_out_and_line_numbers_stay_those_of_the_file():
    data = "Kassenbericht; Filiale 3\nerstellt am 1.3.2026\n\nBon;Summe\n1;5,00\n2\n"
    records, rejected = read(data.encode(), skip_lines=3)
    assert records == [{"Bon": "1", "Summe": "5,00"}]
    assert [(r.line, r.reason) for r in rejected] == [(6, "wrong_field_count")]


def test_the_line_that_excel_writes_tells_the_delimiter():
    assert read(b"sep=|\r\na|b,c\r\n1|2,3\r\n")[0] == [{"a": "1", "b,c": "2,3"}]


def test_a_line_of_totals_is_set_aside_not_taken():
    records, rejected = read(b"Bon;Kunde;Summe\n1;77;5,00\n2;78;6,00\nSumme: 11,00\n")
    assert len(records) == 2
    assert [(r.line, r.reason) for r in rejected] == [(4, "wrong_field_count")]


def test_mixed_line_ends():
    assert rows(b"a;b\r\n1;2\n3;4\r5;6") == [["1", "2"], ["3", "4"], ["5", "6"]]


def test_nul_bytes_cost_their_line():
    records, rejected = read(b"a;b\n1;2\n3;\x004\n" + b"\0" * 4096)
    assert records == [{"a": "1", "b": "2"}]
    assert [(r.line, r.reason) for r in rejected] == [(3, "bad_csv"), (4, "bad_csv")]
    assert "NUL" in rejected[0].message


def test_blanks_behind_delimiters_are_part_of_values_unless_the_header_has_them_too():
    assert rows(b"a,b\n1, 2\n") == [["1", " 2"]]
    assert rows(b'a, b\n1, 2\n3, "4, 5"\n') == [["1", "2"], ["3", "4, 5"]]
    assert rows(b'a,b\n1, "2, 3"\n4, "5, 6"\n') == [["1", "2, 3"], ["4", "5, 6"]]


def test_a_long_letter_is_a_record_like_any_other():
    letter = "Sehr geehrte Damen und Herren,\n" * 20_000
    assert rows(f'id;text\n1;"{letter}"\n'.encode()) == [["1", letter]]


def test_a_file_full_of_stray_quotes_is_read_in_time():
    data = "id;text\n" + "".join(f'{i};"27 Zoll\n{i};gut und schön\n' for i in range(3_000))
    records, rejected = read(data.encode())
    assert len(records) + len(rejected) == 6_000
    assert {r.reason for r in rejected} == {"bad_csv"}


def test_a_quote_that_never_closes_costs_its_line_however_much_follows():
    follows = "".join(f"{number};gut und schön und lang\n" for number in range(60_000))
    records, rejected = read(f'id;text\n1;"27 Zoll\n{follows}'.encode())
    assert len(records) == 60_000
    assert [(r.line, r.reason) for r in rejected] == [(2, "bad_csv")]
    assert "does not close" in rejected[0].message


class Endless:
    """A stream that holds one line of many characters between two good ones, and never all of it."""

    def __init__(self, length, inside=b"x"):
        self.parts = [b"id;text\n1;gut\n2;", *[inside * (1 << 20)] * (length >> 20), b"\n3;auch gut\n"]

    def reader(self):
        return io.BufferedReader(Raw(iter(self.parts)))


class Raw(io.RawIOBase):
    def __init__(self, parts):
        self.parts, self.rest = parts, b""

    def readable(self):
        return True

    def readinto(self, buffer):
        self.rest = self.rest or next(self.parts, b"")
        count = min(len(buffer), len(self.rest))
        buffer[:count], self.rest = self.rest[:count], self.rest[count:]
        return count


@pytest.mark.parametrize("inside", [b"x", b'"', b"x;"])
def test_a_line_without_end_is_set_aside_and_reading_goes_on(inside):
    records, rejected = read(Endless(64 << 20, inside).reader())
    assert [record["text"] for record in records] == ["gut", "auch gut"]
    (one,) = rejected
    assert (one.reason, one.line) == ("too_large", 3)
    assert len(one.record) < 3 * RECORD_CHARACTERS
    assert f"{(64 << 20) * len(inside) + 3:,} characters" in one.message


def test_overlong_lines_that_begin_alike_are_two(monkeypatch):
    monkeypatch.setattr(lines, "RECORD_CHARACTERS", 100)
    monkeypatch.setattr(csv_records, "RECORD_CHARACTERS", 100)
    line = "x" * 500
    _, rejected = read(f"id;text\n1;{line}a\n1;{line}b\n1;{line}a\n".encode())
    assert [r.reason for r in rejected] == ["too_large"] * 3
    assert len({r.record_id for r in rejected}) == 2


def test_a_line_of_gigabytes_needs_little_memory(tmp_path):
    """A sparse file: 768 MB here and 2 GB in ``make long``."""
    size = 2 << 30 if TIMES > 1 else 768 << 20
    with (tmp_path / "huge.csv").open("wb") as handle:
        handle.write(b"id;text\n1;gut\n2;")
        handle.seek(size)
        handle.write(b"\n3;auch gut\n")
    values, rejected, grown = read_apart(tmp_path, "text", file="huge.csv")
    assert (values, rejected) == (["gut", "auch gut"], [(3, "too_large")])
    assert grown < 200  # MB


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("{delimiter: ';;'}", "one character"),
        ("{delimiter: '\"'}", "different characters"),
        ("{escape: '\"'}", "different characters"),
        ("{encoding: base64}", "no known encoding"),
        ("{header: []}", "at least 1 item"),
    ],
)
def test_impossible_dialects_are_refused(bench, options, said):
    with pytest.raises(DefinitionError, match=said):
        bench.define(
            f"file: a.csv\ncsv: {options}\nevents:\n  - {{kind: contact_made, time: t, identifiers: {{email: m}}}}"
        )


PLAINLY = st.text(st.sampled_from('ab ä,;"\n\r'), max_size=6)


@settings(max_examples=300)
@given(
    rows_=st.lists(st.lists(PLAINLY, min_size=1, max_size=4), max_size=12),
    quoting=st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL, None]),
    ending=st.sampled_from(["\n", "\r\n"]),
    sizes=st.tuples(st.integers(1, 60), st.integers(1, 9)),
    worth=st.sampled_from([0, 10**9]),
)
def test_blocks_read_the_same_as_single_rows(rows_, quoting, ending, sizes, worth):
    """Whatever stands in the file, and wherever a block ends: records, ids, lines and rejections are equal.

    ``worth``: 0 for machine code.
    """
    if quoting is None:
        body = ending.join(";".join(row) for row in rows_)
    else:
        text = io.StringIO(newline="")
        csv.writer(text, delimiter=";", quoting=quoting, lineterminator=ending).writerows(rows_)
        body = text.getvalue()
    data = f"a;b{ending}{body}".encode()

    def seen(block, part):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(csv_records, "BLOCK", block)
            patch.setattr(lines, "PART", part)
            patch.setattr(csv_records, "SNIFFED_LINES", 1)
            patch.setattr(vectors_joined, "WORTH", worth)
            if not block:
                patch.setattr(csv_records, "table_of", lambda *_: None)
            found = list(csv_records.read(definition(), io.BytesIO(data), "a.csv", frozenset({"b"})))
        records = [one for c in found for one in zip(c.lines, c.raw, c.ids, strict=True)]
        texts = [value for c in found if len(c.lines) for value in c.columns["b"].to_pylist()]
        return records, texts, sorted((r.line, r.reason, r.record_id, r.record) for c in found for r in c.rejected)

    assert seen(*sizes) == seen(0, 1 << 20)


def test_large_plain_files_come_in_blocks(monkeypatch):
    monkeypatch.setattr(csv_records, "BLOCK", 10_000)
    good = "".join(f'{number};Kunde {number};"Straße; {number}"\r\n' for number in range(2_000))
    data = f"id;name;street\r\n{good}7;zu wenig\r\n{good}".encode()
    found = list(csv_records.read(definition(), io.BytesIO(data), "a.csv", frozenset({"id"})))
    assert [line for c in found for line in c.lines] == [*range(2, 2_002), *range(2_003, 4_003)]
    assert [(r.line, r.reason) for c in found for r in c.rejected] == [(2_002, "wrong_field_count")]
    assert sum(isinstance(c.lines, range) for c in found) > 5


ENDINGS = ["\n", "\r\n", "\r", "\0\n", "\r\r\n", ""]
FIELDS = [
    "",
    "a",
    "ä\u20acb",
    '"a"',
    '"a""b"',
    '"a;b"',
    '"ä"',
    '""',
    '"a"b',
    'a"',
    '"a',
    '"a\0"',
    '"\n"',
    '"\r"',
    "\0",
    "\r",
    " ",
]


@pytest.mark.parametrize("field", FIELDS)
def test_machine_code_knows_plain_blocks_as_the_pattern_does(field):
    lines_ = [line + ending for line in (field, f"{field};", f";{field}") for ending in ENDINGS]
    blocks = [*lines_, *(f"x;y\n{line}" for line in lines_), *(f"{line}x\n" for line in lines_)]
    for block, marks, longest in itertools.product(blocks, [(";", '"'), (";", ""), ("a", "'")], [2, 4, 100]):
        found = []
        for worth in (0, 10**9):
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(vectors_joined, "WORTH", worth)
                patch.setattr(csv_blocks, "RECORD_CHARACTERS", longest)
                found.append(csv_blocks._lines(block, block.encode(), *marks))
        assert found[0] == found[1], (block, marks, longest)
