"""Progress of long work on standard error: a bar on a terminal, elsewhere a line now and then; silent for programs."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from geleit.sources.meter import Reached

QUIET = 10.0  # seconds of work before the first line
EVERY = 5.0  # seconds between lines
SURE = 2.0  # seconds of reading before its pace says something
UNFINISHED = 0.999  # a full bar would stop its clock, and the work goes on
Clock = Callable[[], float]


class Pace:
    """Turns how far the work is into words: records, share, rate, remaining time. Several sources may be read at once."""

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self.clock = clock
        self.began: dict[str, float] = {}  # by source
        self.last = clock()

    def words(self, reached: Reached) -> str:
        """``orders: 120,000 records, 31 %, 12,000 a second, 0:23 left to read``; what is not known is left out."""
        began = self.began.setdefault(reached.source, self.last)
        parts = [f"{reached.source}: {reached.records:,} records"]
        if reached.share is not None:
            parts.append(f"{reached.share:.0%}".replace("%", " %"))
        if reached.taking:
            parts.append(f"{reached.taking:,} events are taken in")
        passed = self.clock() - began
        if passed >= SURE:
            parts.append(f"{reached.records / passed:,.0f} a second")
            if reached.share:
                parts.append(f"{_span(passed * (1 - reached.share) / reached.share)} left to read")
        self.pause()
        return ", ".join(parts)

    def pause(self) -> None:
        """Another step begins or ends here; what is read next is not paid for by it."""
        self.last = self.clock()


def _span(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


class Bar:
    """A bar on a terminal that is gone when the work is done."""

    def __init__(self, bar: Progress, clock: Clock = time.monotonic) -> None:
        self.bar, self.pace = bar, Pace(clock)
        self.task = bar.add_task("reading", total=None)

    def reached(self, reached: Reached) -> None:
        """So much of a source is read."""
        known = reached.share is not None
        self.bar.update(
            self.task,
            description=self.pace.words(reached),
            total=1.0 if known else None,
            completed=min(reached.share or 0.0, UNFINISHED),
        )

    def now(self, what: str) -> None:
        """What is being done now."""
        self.pace.pause()
        self.bar.update(self.task, description=what, total=None)


class Lines:
    """A line every few seconds, once the work takes long."""

    def __init__(self, console: Console, clock: Clock = time.monotonic) -> None:
        self.console, self.pace, self.clock = console, Pace(clock), clock
        self.due = clock() + QUIET

    def reached(self, reached: Reached) -> None:
        """So much of a source is read."""
        self._say(self.pace.words(reached))

    def now(self, what: str) -> None:
        """What is being done now."""
        self.pace.pause()
        self._say(what)

    def _say(self, text: str) -> None:
        if self.clock() >= self.due:
            self.due = self.clock() + EVERY
            self.console.print(text, markup=False, highlight=False)


@contextmanager
def watching(console: Console, *, silent: bool) -> Iterator[tuple[Callable[[Reached], None], Callable[[str], None]]]:
    """Progress of long work: (how far a source is read, what is being done now)."""
    if silent:
        yield lambda _reached: None, lambda _what: None
        return
    if not console.is_terminal:
        lines = Lines(console)
        yield lines.reached, lines.now
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(bar_width=20), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        shown = Bar(bar)
        yield shown.reached, shown.now
