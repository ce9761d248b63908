"""Works ahead: the next items of an iterator are made in a thread of their own while the present one is taken in."""

from __future__ import annotations

import queue
import threading
from collections.abc import Generator, Iterator
from typing import TypeVar

Item = TypeVar("Item")
WAIT = 0.1  # seconds after which a full queue looks whether anybody still wants its items


def ahead(items: Iterator[Item], most: int = 2) -> Generator[Item, None, None]:
    """The items, at most ``most`` of them made before they are asked for.

    Errors: whatever making an item raises, at its turn.
    """
    made: queue.Queue[tuple[Item | None, BaseException | None]] = queue.Queue(most)
    unwanted = threading.Event()

    def put(item: Item | None, error: BaseException | None) -> bool:
        while not unwanted.is_set():
            try:
                made.put((item, error), timeout=WAIT)
            except queue.Full:
                continue
            return True
        return False

    def work() -> None:
        try:
            for item in items:
                if not put(item, None):
                    return
        except BaseException as error:  # noqa: BLE001 (raised again where the item is asked for)
            put(None, error)
        else:
            put(None, StopIteration())

    worker = threading.Thread(target=work, name="geleit-ahead", daemon=True)
    worker.start()
    try:
        while True:
            item, error = made.get()
            if isinstance(error, StopIteration):
                return
            if error is not None:
                raise error
            yield item  # type: ignore[misc]
    finally:
        unwanted.set()
        worker.join()
