"""Whoever sends too much hears so: the rest of the body is let pass before the answer, within bounds."""

import asyncio

import pytest

from geleit.web.collector.request import LARGE, PASSED, RefusedError, read

PART = b"x" * 1024 * 1024


def sent(parts, **headers):
    """How many parts of a body were read until it was refused."""
    names = [(name.encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "method": "POST", "path": "/v1/import", "headers": names, "query_string": b""}
    taken = []

    async def receive():
        taken.append(1)
        return {"type": "http.request", "body": PART, "more_body": len(taken) < parts}

    with pytest.raises(RefusedError, match="larger than 4,096 KB") as refused:
        asyncio.run(read(scope, receive, LARGE))
    assert refused.value.status == 413
    return len(taken)


@pytest.mark.parametrize("said", [{}, {"content-length": str(9 * len(PART))}])
def test_all_of_it_is_read_before_the_answer(said):
    assert sent(9, **said) == 9


@pytest.mark.parametrize("said", [{}, {"content-length": str(999 * len(PART))}])
def test_not_without_end(said):
    assert sent(999, **said) == PASSED // len(PART)


def test_who_asks_before_sending_is_told_at_once():
    assert sent(9, **{"content-length": str(9 * len(PART)), "expect": "100-continue"}) == 0
