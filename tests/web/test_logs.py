import asyncio
import gc
import io
import json
import logging
import threading
import warnings

import pytest

from geleit.errors import GeleitError, StoreError
from geleit.web.logs import written

MARK = "marked@example.com"


def lines(do, form="json", level="info"):
    """What is logged while something is done."""
    stream = io.StringIO()
    with written(form, level, stream):
        do()
    return stream.getvalue().splitlines()


def fault(error):
    def do():
        try:
            raise error
        except type(error):
            logging.getLogger("geleit.test").exception("a fault")

    return do


@pytest.mark.parametrize("form", ["json", "text"])
def test_the_text_of_a_fault_is_left_out_and_its_place_told(form):
    (line,) = lines(fault(ValueError(f"cannot read {MARK}")), form)
    assert MARK not in line
    assert "ValueError" in line
    assert "test_logs.py" in line


def test_only_the_stores_own_errors_say_their_text():
    (store,) = lines(fault(StoreError("the ledger is damaged")))
    (other,) = lines(fault(GeleitError(f"'{MARK}' is no time")))
    assert json.loads(store)["fault"][0]["text"] == "the ledger is damaged"
    assert MARK not in other


def test_causes_are_told_without_their_text():
    def do():
        try:
            try:
                raise KeyError(MARK)  # noqa: TRY301 (the cause of the next)
            except KeyError as error:
                raise TypeError(MARK) from error
        except TypeError:
            logging.getLogger("geleit.test").exception("a fault")

    (line,) = lines(do)
    assert [one["error"] for one in json.loads(line)["fault"]] == ["TypeError", "KeyError"]
    assert MARK not in line


def test_what_escapes_a_thread_is_a_line_of_the_log():
    def end():
        raise ValueError(MARK)

    def do():
        thread = threading.Thread(target=end, name="geleit-writer")
        thread.start()
        thread.join()

    (line,) = lines(do)
    said = json.loads(line)
    assert (said["event"], said["thread"], MARK in line) == ("a thread ended with a fault", "geleit-writer", False)


def test_a_library_warns_without_its_text():
    (line,) = lines(_warn)
    assert json.loads(line)["warning"] == "UserWarning"
    assert MARK not in line


def _warn():
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning(UserWarning(MARK), UserWarning, __file__, 7)


def test_a_task_that_nobody_waited_for_is_told_without_what_it_held():
    async def fail():
        raise ValueError(MARK)

    async def main():
        task = asyncio.create_task(fail(), name=MARK)
        await asyncio.sleep(0)
        del task
        gc.collect()

    found = lines(lambda: asyncio.run(main()))
    assert any("never retrieved" in json.loads(line)["event"] for line in found)
    assert MARK not in "".join(found)


def test_a_strangers_message_keeps_its_pattern_only():
    (line,) = lines(lambda: logging.getLogger("library").warning("cannot parse %s", MARK))
    assert json.loads(line)["event"] == "cannot parse %s"


def test_fields_cannot_take_the_place_of_the_head():
    def do():
        logging.getLogger("geleit.test").info("said", extra={"fields": {"event": "other", "count": 3, "file": "a b"}})

    (line,) = lines(do)
    said = json.loads(line)
    assert (said["event"], said["count"]) == ("said", 3)
    (text,) = lines(do, "text")
    assert text.endswith('info geleit.test said count=3 file="a b"')


def test_everything_is_as_before_afterwards():
    hooks = (threading.excepthook, warnings.showwarning, logging.getLogger().handlers[:])
    lines(lambda: None)
    assert (threading.excepthook, warnings.showwarning, logging.getLogger().handlers[:]) == hooks
