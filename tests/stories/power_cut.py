"""What a power cut leaves of a folder: what was synced, and by chance some of what was not.

``power_cut.c`` watches a program. A file's content holds as of its last fsync; of what was written since, any blocks may
have reached the disk. A name holds once its folder was synced; of what was created, renamed and removed since, anything
may have, but each renaming as a whole. That is harsher than file systems with a journal are.
"""

import os
import shutil
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

SOURCE = Path(__file__).with_suffix(".c")
WAYS = ("synced", "written", "blocks", "sectors", "beginning")
VOLATILE = "-shm"  # SQLite's shared memory: never synced, and made anew


def build(folder: Path) -> Path:
    """The watching library; without a C compiler the test is skipped, and where it must be there, fails."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        say = pytest.fail if os.environ.get("GELEIT_REQUIRE_SERVERS") else pytest.skip
        say("a C compiler is missing: sh scripts/ensure_servers.sh")
    library = folder / "power_cut.so"
    command = [compiler, "-shared", "-fPIC", "-O1", "-Wall", "-o", str(library), str(SOURCE), "-ldl", "-pthread"]
    subprocess.run(command, check=True, capture_output=True)
    return library


@dataclass
class Watch:
    """Runs programs that work in ``root``, and makes folders that power cuts would leave of it."""

    library: Path
    root: Path
    state: Path

    def run(self, command, stops, *, blind=False):
        """Run a program; yields what it has printed, each time it stands before one of those calls, then it goes on.

        It is killed if nobody asks for the next.
        """
        self._begin()
        words = {"CUT_ROOT": str(self.root), "CUT_STATE": str(self.state), "CUT_AT": ",".join(map(str, stops))}
        words |= {"CUT_BLIND": "1"} if blind else {}
        printed, errors = self.state / "printed", self.state / "errors"
        with printed.open("wb") as out, errors.open("wb") as err:
            child = subprocess.Popen(
                command, stdout=out, stderr=err, env={**os.environ, **words, "LD_PRELOAD": str(self.library)}
            )
        try:
            while os.WIFSTOPPED(status := os.waitpid(child.pid, os.WUNTRACED)[1]):
                yield printed.read_text()
                os.kill(child.pid, signal.SIGCONT)
            child.returncode = os.waitstatus_to_exitcode(status)
            assert child.returncode == 0, errors.read_text()
        finally:
            if child.returncode is None:
                child.kill()
                child.wait()

    def leave(self, chance, target):
        """Make the folder that a power cut at this moment would leave, one of many possible ones."""
        shutil.rmtree(target, ignore_errors=True)
        Left(self.root, self.state, chance).make(target)
        return target

    def _begin(self):
        """Everything that is there now is durable."""
        shutil.rmtree(self.state, ignore_errors=True)
        self.state.mkdir()
        for folder, _, files in os.walk(self.root):
            names = [f"{one.stat(follow_symlinks=False).st_ino} {one.name}\n" for one in os.scandir(folder)]
            (self.state / f"l-{Path(folder).stat().st_ino}").write_text("".join(names))
            for name in files:
                path = Path(folder) / name
                shutil.copyfile(path, self.state / f"c-{path.stat().st_ino}")


class Left:
    """One way in which a power cut may leave a folder."""

    def __init__(self, root, state, chance):
        self.root, self.state, self.chance = root, state, chance
        self.live = {path.stat().st_ino: path for path in [root, *root.rglob("*")]}
        moves = state / "moves"
        lines = moves.read_text().splitlines() if moves.exists() else []
        self.former = {int(number): Path(path) for number, path in (line.split(" ", 1) for line in lines)}

    def make(self, target):
        self._folder(self.root.stat().st_ino, target)

    def _folder(self, number, target):
        target.mkdir()
        for name, inode in self._names(number).items():
            if name.endswith(VOLATILE):
                continue
            if (self.state / f"l-{inode}").exists() or (inode in self.live and self.live[inode].is_dir()):
                self._folder(inode, target / name)
            else:
                (target / name).write_bytes(self._content(inode))

    def _names(self, number):
        """Names in a folder: those that were synced, with some of the changes since."""
        kept = self.state / f"l-{number}"
        lines = kept.read_text().splitlines() if kept.exists() else []
        durable = {name: int(inode) for inode, name in (line.split(" ", 1) for line in lines)}
        durable = {name: inode for name, inode in durable.items() if name not in (".", "..")}
        path = self.live.get(number)
        now = {one.name: one.inode() for one in os.scandir(path)} if path else {}
        before = {inode: name for name, inode in durable.items()}
        left = dict(durable)
        for name in sorted(now.keys() | durable.keys()):
            inode, was = now.get(name), durable.get(name)
            if inode == was or (inode is None and was in now.values()):  # the same, or renamed: see the new name
                continue
            if self.chance.random() < 0.5:
                self._apply(left, name, inode, before.get(inode))
            elif inode is not None and inode not in before and inode in self.former and self.chance.random() < 0.5:
                left.setdefault(self.former[inode].name, inode)  # created, not yet renamed
        return left

    @staticmethod
    def _apply(left, name, inode, before):
        if inode is None:
            left.pop(name, None)
            return
        left[name] = inode
        if before is not None and left.get(before) == inode:
            left.pop(before)

    def _content(self, inode):
        """What a file holds: what was synced, with some of what was written since."""
        kept = self.state / f"c-{inode}"
        synced = kept.read_bytes() if kept.exists() else b""
        path = self.live.get(inode) or self.state / f"k-{inode}"
        written = path.read_bytes() if path.exists() else synced
        way = self.chance.choice(WAYS)
        if way in ("synced", "written") or synced == written:
            return written if way == "written" else synced
        if way == "beginning":
            cut = self.chance.randrange(len(written) + 1)
            return written[:cut] + synced[cut:]
        return self._mixed(synced, written, 4096 if way == "blocks" else 512)

    def _mixed(self, synced, written, size):
        length = self.chance.choice((len(synced), len(written)))
        mixed = bytearray(synced[:length].ljust(length, b"\0"))
        for start in range(0, length, size):
            if self.chance.random() < 0.5:
                part = written[start : min(start + size, length)]
                mixed[start : start + len(part)] = part
        return bytes(mixed)
