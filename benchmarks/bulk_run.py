"""One bulk load in a process of its own: from the file to customers, a first answer, and everything up to date."""

from __future__ import annotations

import cProfile
import json
import pstats
import shutil
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from bulk_meter import between, spent
from bulk_watch import Watch

from geleit.errors import NotFoundError
from geleit.intake.adoption import adopt_all
from geleit.intake.imports import import_all
from geleit.ledger import tables
from geleit.workspace import open_workspace
from geleit.workspace.scaffold import init
from geleit.workspace.workspace import Workspace

STAGES = ("import", "adopt", "sync", "question")
LOOK_EVERY = 0.25  # seconds between looking for the people
COSTLIEST = 5
SOURCE = """\
file: exports/{name}
zone: UTC
events:
  - kind_from: kind
    key: event_id
    time: occurred_at
    identifiers: {{shop.user_id: user_id, anonymous_id: anonymous_id, email: email, phone: phone}}
    traits: {{name: name, city: city}}
    properties:
      page: page
      product_id: product_id
      query: query
      order_id: order_id
      products: products
      total: total
      currency: currency
      position: position
      text: text
"""
NEEDS = """\
needs:
  - topic: purchase
    label: {en: Something new, de: Etwas Neues}
    opens: [{kind: product_added}, {kind: question_asked}]
    closes: [{kind: order_completed}, {kind: need_closed}]
    gap: 60 days
"""
QUESTION = """
SELECT count(DISTINCT ordered.customer_id)
FROM (SELECT customer_id, t FROM events WHERE kind = 'order_completed') AS ordered
ASOF INNER JOIN (SELECT customer_id, t FROM events WHERE kind = 'product_viewed') AS viewed
  ON ordered.customer_id = viewed.customer_id AND ordered.t > viewed.t
WHERE ordered.t - viewed.t <= 30 * 86400000000
"""


def prepare(root: Path, file: Path) -> None:
    """A new workspace with one source."""
    shutil.rmtree(root, ignore_errors=True)
    init(root, name="Benchmark")
    (root / "exports" / file.name).symlink_to(file.resolve())
    (root / "sources" / "shop.yaml").write_text(SOURCE.format(name=file.name))
    (root / "needs.yaml").write_text(NEEDS)
    with open_workspace(root) as workspace:
        workspace.apply_definitions()


class Run:
    """The stages of one load, each measured.

    ``found`` says how long after the start a question was answered (``answer``) and customers were shown (``first``, ``all``).
    """

    def __init__(self, workspace: Workspace, truth: dict[str, Any], *, profile: bool, beside: bool) -> None:
        self.workspace, self.truth, self.profile, self.beside = workspace, truth, profile, beside
        self.watch = Watch(workspace.ledger)
        self.stages: dict[str, dict[str, Any]] = {}
        self.found: dict[str, dict[str, float]] = {}
        self.steps: defaultdict[str, float] = defaultdict(float)
        self.checks: dict[str, tuple[Any, Any]] = {}  # expected, got
        self.waiting = list(truth["probes"])
        self.begin = spent()
        self.last = self.looked = time.perf_counter()
        self.announced = ""

    def until(self, last: str) -> dict[str, Any]:
        """Do the stages up to ``last``."""
        stages = {"import": self.take, "adopt": self.adopt, "question": self.ask, "sync": self.bring_up_to_date}
        for name in STAGES[: STAGES.index(last) + 1]:
            with self._measured(name):
                stages[name]()
        return {"stages": self.stages, "found": self.found, "steps": dict(self.steps), "checks": self.checks}

    @contextmanager
    def _measured(self, name: str) -> Iterator[None]:
        profile = cProfile.Profile() if self.profile else None
        before = spent()
        if profile:
            profile.enable()
        yield
        if profile:
            profile.disable()
        stage: dict[str, Any] = between(before, spent())
        stage["held_ms"] = self.watch.held(stage)
        if profile:
            stage["costliest"] = costliest(profile)
        self.stages[name] = stage

    def take(self) -> None:
        """Import: all events are acknowledged."""
        workspace = self.workspace
        sources = list(workspace.definitions.sources.values())
        (done,) = import_all(workspace.intake, workspace.archive, sources, workspace.root)
        if done.error:
            raise SystemExit(done.error)
        self.checks["events"] = (self.truth["events"], done.new)
        self.checks["quarantined"] = (0, done.quarantined)

    def adopt(self) -> None:
        """Customers are made; meanwhile some are looked for."""
        self.last = time.perf_counter()
        adopt_all(self.workspace.intake, self.workspace.archive, progress=self._step, known=self._known)
        self.waiting = list(self.truth["probes"])  # those shown early, too: now the ledger has them
        self._look()
        self.checks["people not found"] = (0, len(self.waiting))
        self.checks["customers"] = (self.truth["people"], self.workspace.counts().customers)

    def _known(self) -> None:
        """Whose the events are is known: ask at once, look for people, and build the journal as ``geleit sync`` would."""
        now = time.perf_counter()
        self.steps[self.announced] += now - self.last
        self._ask("first answer")
        self.found["answer"] = between(self.begin, spent())
        for one in list(self.waiting):
            if shown(self.workspace, *one):
                self.waiting.remove(one)
                self.found.setdefault("first", between(self.begin, spent()))
        if not self.waiting:
            self.found["all"] = between(self.begin, spent())
        self.steps["first answer, people"] = time.perf_counter() - now
        now = time.perf_counter()
        self.workspace.build_generation()
        self._ask("answer of the first journal")
        self.found["journal"] = between(self.begin, spent())
        self.last = time.perf_counter()
        self.steps["first journal, its answer"] = self.last - now

    def _step(self, step: str, done: int) -> None:
        """How long each step took (0 done announces one), and whether people can be found by now."""
        now = time.perf_counter()
        self.steps[self.announced or step] += now - self.last
        self.announced = "" if done else step
        if now - self.looked >= LOOK_EVERY:
            self._look()
        self.last = time.perf_counter()

    def _look(self) -> None:
        before = len(self.waiting)
        there = placed(self.workspace, [email for email, _ in self.waiting])
        self.waiting = [one for one in self.waiting if one[0] not in there or not shown(self.workspace, *one)]
        self.looked = time.perf_counter()
        if len(self.waiting) < before:
            self.found.setdefault("first", between(self.begin, spent()))
        if not self.waiting:
            self.found.setdefault("all", between(self.begin, spent()))

    def ask(self) -> None:
        """The question once more, of everything."""
        self._ask("answer")
        self.found.setdefault("answer", between(self.begin, spent()))

    def _ask(self, name: str) -> None:
        """How many people ordered within thirty days of looking at a product."""
        view = self.workspace.history.open_view()
        row = view.execute(QUESTION).fetchone()
        view.close()
        self.checks[name] = (self.truth["answer"], row[0] if row else None)

    def bring_up_to_date(self) -> None:
        """Needs are cut, a generation is built; with live events ``beside`` the latter alone, for needs would never be done."""
        if self.beside:
            self.workspace.build_generation()
            return
        moments = [("definitions", time.perf_counter())]
        self.workspace.sync(told=lambda step: moments.append((step, time.perf_counter())))
        moments.append(("", time.perf_counter()))
        for (step, began), (_, ended) in pairwise(moments):
            self.steps[f"sync: {step}"] += ended - began


def placed(workspace: Workspace, emails: Sequence[str]) -> set[str]:
    """Which addresses belong to a customer by now: a search for the others would only cost time."""
    member, place = tables.identifier.c, tables.identifier_resolution.c
    query = sa.select(member.value).join(tables.identifier_resolution, place.identifier_id == member.id)
    with workspace.ledger.read() as connection:
        return set(connection.execute(query.where(member.type == "email", member.value.in_(emails))).scalars())


def shown(workspace: Workspace, email: str, user_id: str) -> bool:
    """Whether a customer is found by e-mail and shown with the user id that belongs to it."""
    try:
        customers = {found.customer_id for found in workspace.find(email)} | {workspace.customer(f"email:{email}")}
    except NotFoundError:
        return False
    profiles = [workspace.profile(customer) for customer in customers]
    return any(identifier.value == user_id for profile in profiles for identifier in profile.identifiers)


def costliest(profile: cProfile.Profile) -> list[dict[str, Any]]:
    """The functions that most time was spent in, without what they called."""
    stats = pstats.Stats(profile).stats  # type: ignore[attr-defined]
    rows = sorted(stats.items(), key=lambda item: -item[1][2])[:COSTLIEST]
    return [
        {"function": f"{Path(file).name}:{line} {name}", "calls": calls, "seconds": round(own, 2)}
        for (file, line, name), (_, calls, own, _, _) in rows
    ]


def main(task: str, root: Path, rest: list[str]) -> None:
    """``prepare ROOT FILE`` or ``run ROOT TRUTH LAST PROFILE BESIDE``."""
    if task == "prepare":
        prepare(root, Path(rest[0]))
        print("{}")
        return
    with open_workspace(root) as workspace:
        run = Run(
            workspace, json.loads(Path(rest[0]).read_text()), profile=rest[2] == "profile", beside=rest[3] == "live"
        )
        print(json.dumps(run.until(rest[1])))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3:])
