"""Keep requirements/*.txt equal to what pyproject.toml asks for, hash-locked and without any download address."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CLIENTS = ROOT / "tests" / "contract"
LOCKS: dict[str, list[str]] = {"runtime.txt": [], "dev.txt": ["--extra", "dev"]}


def resolve(target: Path, extra: list[str]) -> None:
    """Resolve into ``target``; pins already written there are kept as long as they still fit."""
    uv = Path(sys.executable).with_name("uv")
    command = [str(uv), "pip", "compile", "--quiet", "pyproject.toml", *extra, "--generate-hashes", "--universal"]
    command += ["--python-version", "3.11", "--no-emit-index-url", "--no-emit-find-links", "--no-header"]
    subprocess.run([*command, "--output-file", str(target)], cwd=ROOT, check=True)


def main() -> int:
    """Write the locks (``--write``) or say whether they are current; 1 if they are not."""
    stale = []
    for name, extra in LOCKS.items():
        lock = ROOT / "requirements" / name
        if "--write" in sys.argv:
            resolve(lock, extra)
        with tempfile.TemporaryDirectory() as folder:
            fresh = Path(folder) / name
            fresh.write_text(lock.read_text() if lock.exists() else "")
            resolve(fresh, extra)
            if not lock.exists() or pins(fresh) != pins(lock):
                stale.append(f"requirements/{name} is not what pyproject.toml asks for. Hint: make lock")
        if re.search(r"https?://|file://", lock.read_text()):
            stale.append(f"requirements/{name} holds a download address. Hint: make lock")
    stale += clients()
    print("\n".join(stale) or "locks: current, hashed, no address")
    return 1 if stale else 0


def clients() -> list[str]:
    """What is wrong with the lock of the contract tests' clients for Node: an address, a missing hash, another version."""
    lock = json.loads((CLIENTS / "package-lock.json").read_text())["packages"]
    asked = json.loads((CLIENTS / "package.json").read_text())["dependencies"]
    place, hint = (CLIENTS / "package-lock.json").relative_to(ROOT), "Hint: npm install in that folder"
    wrong = [f"{place}: {name} has a download address. {hint}" for name, one in lock.items() if "resolved" in one]
    wrong += [f"{place}: {name} has no hash. {hint}" for name, one in lock.items() if name and "integrity" not in one]
    if lock[""]["dependencies"] != asked:
        wrong.append(f"{place} is not what package.json asks for. {hint}")
    return wrong


def pins(lock: Path) -> list[str]:
    """``name==version`` lines, without comments and hashes (a newly uploaded wheel adds hashes, not versions)."""
    return sorted(re.findall(r"^[A-Za-z0-9._-]+==[^ \\]+", lock.read_text(), flags=re.MULTILINE))


if __name__ == "__main__":
    raise SystemExit(main())
