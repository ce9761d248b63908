"""Real clients against a real server: every call arrives once, with the right person, time, properties and consent."""

import time
from collections import Counter
from dataclasses import dataclass

import pytest
from browsing import browser
from faults import Faults
from running import BROWSERS, LIBRARIES
from served import until

HOUR = 3600
MICROS = 1_000_000
SLACK = 1.5  # seconds between what a clock says and what is made of it
# What goes wrong in each run of a client, and the hours by which its clock is wrong.
RUNS = {
    "well": ((), -3),
    "busy": (("busy", "unread"), 0),
    "broken": (("broken", "unanswered"), 5),
    "half": (("half",), 0),
}


@dataclass
class Run:
    """One client's story on its way through faults."""

    client: object
    name: str
    clock: int
    told: object
    faults: Faults
    began: float
    ended: float = 0
    said: str = ""

    @property
    def window(self):
        """Between which times the calls were made, by our clock or by the client's uncorrected one."""
        off = 0 if self.client.corrects else self.clock * HOUR
        return self.began + off - SLACK, self.ended + off + SLACK

    @property
    def person(self):
        return f"{self.client.name}.{self.told.people[0]}"

    def finish(self, said):
        self.ended, self.said = time.time(), said
        self.faults.close()


def runs(client, served):
    return [
        Run(
            client,
            f"{client.name}-{name}",
            clock,
            client.tell(f"{client.name}-{name}"),
            Faults(served.port, list(script)),
            time.time(),
        )
        for name, (script, clock) in RUNS.items()
    ]


@pytest.mark.parametrize("client", LIBRARIES, ids=lambda client: client.name)
def test_a_client_says_everything_once_whatever_goes_wrong(client, served, start):
    key = served.keys[client.name]
    going = [
        (run, start(client, run.name, run.told.calls, run.faults.address, key, clock=run.clock))
        for run in runs(client, served)
    ]
    for run, started in going:
        run.finish(started.done())
    holds([run for run, _ in going], served)


@pytest.mark.browser
@pytest.mark.parametrize("client", BROWSERS, ids=lambda client: client.name)
def test_a_browser_says_everything_once_whatever_goes_wrong(client, served):
    key = served.keys[client.name]
    with browser() as go:
        going = [
            (run, go(client.snippet or client.name, run.told.calls, run.faults.address, key, clock=run.clock))
            for run in runs(client, served)
        ]
        for _, page in going:
            page.wait_for_function("window.DONE")
        until(
            lambda: arrived(going, served),
            lambda: [(run.faults.seen, page.complaints) for run, page in going],
            every=0.5,
        )
        for run, page in going:
            run.finish(str(page.complaints))
            assert page.complaints == []
    holds([run for run, _ in going], served)


def arrived(going, served):
    """Whether as many events are there as were told, past all faults; a page does not say when it has sent its own."""
    known = served.known()
    return all(run.faults.met and len(known.of(run.person)) >= len(run.told.events) for run, _ in going)


def holds(done, served):
    """Whether the workspace knows of each run what was told, once, of one person, and nothing else of this client."""
    known = served.known()
    source = done[0].client.name
    for run in done:
        assert run.faults.met, f"{run.name}: {run.faults.seen} {run.said}"
        people = {known.owners.get(f"{source}.{identifier}") for identifier in run.told.people}
        assert len(people) == 1, f"{run.name}: {people} {run.said}"
        found = known.of(run.person)
        assert Counter(event.kind for event in found) == Counter(kind for kind, *_ in run.told.events), run.name
        traits = {name: value for _, _, said, _ in run.told.events for name, value in said.items()}
        assert traits.items() <= known.traits[people.pop()].items(), run.name
        left = list(found)
        for expected in run.told.events:
            match = next((event for event in left if says(event, expected, run)), None)
            assert match, f"{run.name}: {expected} is not among {left}"
            left.remove(match)
    assert sum(event.source == source for events in known.events.values() for event in events) == sum(
        len(run.told.events) for run in done
    )
    assert [one for one in known.quarantined if one.startswith(source)] == []


def says(event, expected, run):
    """Whether an event is what a call had to give."""
    kind, properties, traits, ago = expected
    earliest, latest = run.window
    return (
        event.kind == kind
        and properties.items() <= event.properties.items()
        and traits.items() <= event.traits.items()
        and earliest - ago <= event.t / MICROS <= latest - ago
    )
