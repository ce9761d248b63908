"""Takes documentation pages apart: fenced blocks, links, headings."""

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
FRONT = tuple(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md"))
PAGES = sorted([*FRONT, *(ROOT / "docs").rglob("*.md"), *(ROOT / "examples").glob("*/README.md")])
FENCE = re.compile(
    r"^(?:<!-- file: (?P<file>\S+) -->\n)?```(?P<language>[^\n`]*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL
)
FILE_MARK = re.compile(r"# ([\w./-]+\.ya?ml)$")


@dataclass(frozen=True)
class Block:
    """One fenced block; ``file`` is the name it is marked with: in a comment before it, or in its first line (YAML)."""

    page: Path
    line: int
    language: str
    file: str
    text: str

    def __str__(self):
        return f"{name(self.page)}:{self.line}"


def name(page: Path) -> str:
    """The page's name as a test shows it."""
    return page.relative_to(ROOT).as_posix()


def blocks(page: Path) -> list[Block]:
    """All fenced blocks of a page, in order."""
    text = page.read_text(encoding="utf-8")
    found = []
    for match in FENCE.finditer(text):
        mark = FILE_MARK.match(match["text"].partition("\n")[0])
        file = match["file"] or (mark[1] if mark else "")
        line = text.count("\n", 0, match.start()) + 1
        found.append(Block(page, line, match["language"], file, match["text"]))
    return found


def prose(page: Path) -> str:
    """The page without its fenced blocks."""
    return FENCE.sub("", page.read_text(encoding="utf-8"))


def anchors(page: Path) -> set[str]:
    """What a link may name behind ``#``: the headings as code hosts write them."""
    headings = re.findall(r"^#+ (.+)$", prose(page), flags=re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}
