"""Disks that are small or only read, and processes that may write no large file."""

import os
import shutil
import subprocess
from contextlib import contextmanager

import pytest

from geleit.workspace import open_workspace

MOUNT, UNMOUNT = shutil.which("mount"), shutil.which("umount")
LIMITED = """
import resource, signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))
"""


def limited(command: list[str], limit: int) -> list[str]:
    """A command that runs a text of Python, and may write no file of more than ``limit`` bytes."""
    python, option, text, *words = command
    return [python, option, LIMITED.format(limit=limit) + text, *words]


@contextmanager
def small_disk(place, size):
    """A disk of its own behind a folder, and a function that mounts it otherwise; None where nobody may mount one."""
    place.mkdir(parents=True, exist_ok=True)
    mounting = [str(MOUNT), "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(place)]
    if not MOUNT or subprocess.run(mounting, capture_output=True, check=False).returncode:
        yield None
        return
    try:
        yield lambda how: subprocess.run([str(MOUNT), "-o", f"remount,{how}", "tmpfs", str(place)], check=True)
    finally:
        subprocess.run([str(UNMOUNT), "-l", str(place)], check=True)


@contextmanager
def read_only(place):
    """A folder that nobody may write to, and a function that ends this."""
    with small_disk(place, "100m") as mount:
        with open_workspace(place):  # there, with a ledger
            pass
        if mount:
            mount("ro")
            yield lambda: mount("rw")
            return
        if os.geteuid() == 0:
            pytest.skip("this root may mount nothing, and rights do not keep it from writing")
        place.chmod(0o500)
        yield lambda: place.chmod(0o700)
