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
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.abc import MetaPathFinder
from pathlib import Path
from typing import IO, Any, TypeVar, cast

import pyarrow as pa

HEADER = 8
PIPE = 1 << 20  # bytes that wait in a pipe, where the system lets them: fewer turns of both sides
BEHIND = 5  # niceness of a process that yields
NEVER = 1_000_000  # searches of what is younger, before all is searched
YOUNG = 50_000  # objects made until memory is searched for rings of them: bulk work makes millions and no rings


KEEPING = {  # memory of columns is used again and not given back to the system in between, while there is work
    "MIMALLOC_PURGE_DELAY": "10000",  # milliseconds until Arrow gives back what it does not use
    "MALLOC_TRIM_THRESHOLD_": "1000000000",  # bytes at the end of the C library's memory from which it does
    "MALLOC_MMAP_THRESHOLD_": "33554432",  # bytes from which it takes memory for one array alone; no more are allowed
}
Memory = TypeVar("Memory", bytearray, pa.Buffer)

SLIM = 600_000_000  # bytes of memory up to which a process that is done may wait for other work

_ready: dict[str, subprocess.Popen[bytes]] = {}
_idle: list[subprocess.Popen[bytes]] = []  # they loaded most of what any of them needs
_keepers: list[object] = []  # whoever keeps them


@dataclass(frozen=True, slots=True)
class Enough:
    """Given in the place of work: there is no more of it."""


@contextmanager
def seldom_searched(*, wholly: bool = True) -> Iterator[None]:
    """Search memory for rings of forgotten objects seldom meanwhile: bulk work makes millions of objects and no rings.

    Not ``wholly``: never all of it, a fifth of a second in which nothing else runs; only for work that ends.
    """
    before = gc.get_threshold()
    gc.set_threshold(YOUNG, before[1], before[2] if wholly else NEVER)
    try:
        yield
    finally:
        gc.set_threshold(*before)


@contextmanager
def keeping() -> Iterator[None]:
    """Let processes whose work is done wait for work of another module meanwhile: starting one costs half a second."""
    _keepers.append(None)
    try:
        yield
    finally:
        _keepers.pop()
        _end_idle()


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
    if (process := _ready.pop(module, None)) is not None:
        if process.poll() is None:
            return process
        let_go(process)
    while (process := _spare()) is not None:
        try:
            send(cast("IO[bytes]", process.stdin), module)
        except (OSError, ValueError):  # it ended meanwhile
            _end(process)
        else:
            return process
    program = f"from geleit.processes import work; work({module!r})"
    try:
        return subprocess.Popen(  # noqa: S603 (this interpreter, and a text of ours)
            [sys.executable, "-P", "-c", program],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=KEEPING | os.environ,
            pipesize=PIPE,
        )
    except (OSError, ValueError):
        return None


def give_back(process: subprocess.Popen[bytes]) -> None:
    """Its work is done and all that it gave was taken: it may get other work, if somebody keeps it and it is slim."""
    if _keepers and process.stdout is not None:
        with suppress(Exception):  # it is gone, or says what nobody understands: no process to keep
            send(cast("IO[bytes]", process.stdin), Enough())
            if receive(process.stdout)[1] is True:
                _idle.append(process)
                _end_idle()  # whoever kept it may have gone meanwhile
                return
    _end(process)


def _spare() -> subprocess.Popen[bytes] | None:
    """One of the processes that wait for work; several threads ask at once."""
    with suppress(IndexError):
        return _idle.pop()
    return None


def _end_idle() -> None:
    """End those that wait for work, once nobody keeps them."""
    while not _keepers and (process := _spare()) is not None:
        _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    stop(process)
    let_go(process)


def work(module: str) -> None:
    """The whole life of another process: serve a module, then the next one that is named, as long as it stays slim."""
    while True:
        import_module(module).serve()
        if not _enough:
            return
        _enough.clear()
        pa.default_memory_pool().release_unused()
        slim = _held() <= SLIM
        send(_out(), slim)
        if not slim:
            return
        try:
            module = receive(sys.stdin.buffer)[1]
        except EOFError:
            return


def _held() -> int:
    """Bytes of memory that this process holds; where the system does not tell, more than may be kept."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return sys.maxsize


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


class _NoFrames(MetaPathFinder):
    """Finds no pandas."""

    def find_spec(self, fullname: str, _path: object, _target: object = None) -> None:
        if fullname == "pandas":
            raise ModuleNotFoundError(fullname, name=fullname)


def without_frames() -> None:
    """Keep Arrow from loading pandas, where that is installed, to look whether the first list it gets is a data frame.

    That costs as much as loading half of Geleit. Whoever asks for a data frame later still gets one.
    """
    finder = _NoFrames()
    sys.meta_path.insert(0, finder)
    try:
        pa.array([0])
    finally:
        sys.meta_path.remove(finder)


def serving(*, yielding: bool = False) -> tuple[Callable[[], Any], Callable[[Any], None]]:
    """For the process itself: what takes the next thing (EOFError at the end), and what gives one.

    ``yielding``: others come first, as whoever holds the ledger does.
    """
    out = _out()
    if yielding:
        with suppress(OSError, AttributeError):
            os.setpriority(os.PRIO_PROCESS, 0, BEHIND)

    def take() -> Any:
        found = receive(sys.stdin.buffer)[1]
        if isinstance(found, Enough):
            _enough.append(found)
            raise EOFError  # noqa: TRY004 (no wrong type: the end of this work)
        return found

    return take, lambda said: send(out, said)


_enough: list[Enough] = []  # in the other process: that there is no more work of one kind


@cache
def _out() -> IO[bytes]:
    """In the other process: where it gives things, once it is prepared for its work."""
    gc.set_threshold(YOUNG)
    without_frames()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever started it ends it
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what anything prints must not stand among what is given
    return out


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
    content, *columns = [_exactly(pipe, pa.allocate_buffer(size)) for size in sizes]
    return sum(sizes), pickle.loads(content, buffers=columns)  # noqa: S301 (our own process wrote it)


def _number(pipe: IO[bytes]) -> int:
    return int.from_bytes(_exactly(pipe, bytearray(HEADER)), "big")


def _exactly(pipe: IO[bytes], content: Memory) -> Memory:
    """The memory, filled; Arrow's is neither cleared nor given back to the system each time, as a bytearray's would be."""
    filled = memoryview(content)
    if filled.nbytes and cast("io.BufferedReader", pipe).readinto(filled) < filled.nbytes:
        raise EOFError
    return content
