"""Another process of ours beside this one: it takes and gives whatever can be pickled through pipes, and leaves nothing behind."""

from __future__ import annotations

import gc
import io
import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, Any, cast

HEADER = 8
PIPE = 1 << 20  # bytes that wait in a pipe, where the system lets them: fewer turns of both sides
YOUNG = 50_000  # objects made until memory is searched for rings of them: bulk work makes millions and no rings


_ready: dict[str, subprocess.Popen[bytes]] = {}


@contextmanager
def prepared(module: str) -> Iterator[None]:
    """Start the process of a module before there is work for it: it loads what it needs while this one does something else."""
    process = None if module in _ready else started(module)
    if process is not None:
        _ready[module] = process
    try:
        yield
    finally:
        if process is not None and _ready.pop(module, None) is process:  # nobody wanted it
            stop(process)
            let_go(process)


def started(module: str) -> subprocess.Popen[bytes] | None:
    """Another process that runs ``serve`` of a module of ours; None if there can be none."""
    if (process := _ready.pop(module, None)) is not None and process.poll() is None:
        return process
    program = f"from {module} import serve; serve()"
    try:
        return subprocess.Popen(  # noqa: S603 (this interpreter, and a text of ours)
            [sys.executable, "-P", "-c", program],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            pipesize=PIPE,
        )
    except (OSError, ValueError):
        return None


def gone(pid: int) -> bool:
    """Whether no process of this machine has this number."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except OSError:  # somebody else's process, or a system that cannot tell
        return False
    return False


def stop(process: subprocess.Popen[bytes] | None) -> None:
    """End it, whatever it does."""
    if process is not None:
        process.kill()
        process.wait()


def let_go(process: subprocess.Popen[bytes] | None) -> None:
    """Close the pipes of a process that has ended, once nobody reads them any more."""
    for pipe in (process.stdin, process.stdout) if process is not None else ():
        try:
            if pipe is not None:
                pipe.close()
        except OSError:  # it could not take what was left in the buffer
            continue


def serving() -> tuple[Callable[[], Any], Callable[[Any], None]]:
    """For the process itself: what takes the next thing (EOFError at the end), and what gives one."""
    gc.set_threshold(YOUNG)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever started it ends it
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what anything prints must not stand among what is given
    return lambda: receive(sys.stdin.buffer)[1], lambda said: send(out, said)


def send(pipe: IO[bytes], what: object) -> None:
    """Give one thing; whatever of it lies in memory as columns goes through as it lies there."""
    columns: list[pickle.PickleBuffer] = []
    content = pickle.dumps(what, protocol=pickle.HIGHEST_PROTOCOL, buffer_callback=columns.append)
    parts = [memoryview(content), *(column.raw() for column in columns)]
    for number in (len(parts), *(part.nbytes for part in parts)):
        pipe.write(number.to_bytes(HEADER, "big"))
    for part in parts:
        pipe.write(part)
    pipe.flush()


def receive(pipe: IO[bytes]) -> tuple[int, Any]:
    """The next thing, and how many bytes it had.

    Errors: EOFError at the end.
    """
    sizes = [_number(pipe) for _ in range(_number(pipe))]
    content, *columns = [_exactly(pipe, size) for size in sizes]
    return sum(sizes), pickle.loads(content, buffers=columns)  # noqa: S301 (our own process wrote it)


def _number(pipe: IO[bytes]) -> int:
    return int.from_bytes(_exactly(pipe, HEADER), "big")


def _exactly(pipe: IO[bytes], size: int) -> bytearray:
    content = bytearray(size)
    if size and cast("io.BufferedReader", pipe).readinto(content) < size:
        raise EOFError
    return content
