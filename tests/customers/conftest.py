"""A workspace of one's own, and events written shortly."""

import pytest

from geleit.clock import DAY
from geleit.events.event import Event, Identifier


@pytest.fixture
def workspace(tmp_path):
    from geleit.workspace import open_workspace  # noqa: PLC0415
    from geleit.workspace.scaffold import init  # noqa: PLC0415

    init(tmp_path / "acme", name="Acme")
    with open_workspace(tmp_path / "acme", clock=lambda: 400 * DAY) as opened:
        yield opened


@pytest.fixture
def happens(workspace):
    """Take one event in: happens(day, kind, who, source=..., traits=..., **properties)."""
    count = iter(range(10_000))

    def take(day, kind, who="email:ada@example.org", *, source="shop", traits=None, **properties):
        identifiers = tuple(Identifier(*one.split(":", 1)) for one in who.split())
        event = Event(
            source,
            f"e{next(count)}",
            kind,
            int(day * DAY),
            identifiers,
            traits or {},
            properties,
        )
        assert workspace.intake.accept([event]).new == 1
        return event

    return take


@pytest.fixture
def ada(workspace):
    """Ada's profile as it is now."""
    return lambda key="email:ada@example.org": workspace.profile(workspace.customer(key))
