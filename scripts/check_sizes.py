"""Hold the house style's sizes: files of 400 lines, functions of 40, five positional arguments."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FILE_LINES, FUNCTION_LINES, POSITIONAL = 400, 40, 5
# An exception needs its reason in writing: {"path or path::function": "reason"}
EXCEPTIONS: dict[str, str] = {
    "src/geleit/ledger/migrations/versions/0001_first_schema.py::upgrade": "Alembic writes one function per revision",
}


def functions(tree: ast.AST) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Every function and method of a module."""
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def body_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function without its signature and docstring."""
    body = node.body[1:] if ast.get_docstring(node) is not None else node.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def positional(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Positional arguments without self (commands, which declare their options as arguments, are not counted)."""
    arguments = [a.arg for a in node.args.posonlyargs + node.args.args]
    return len([name for name in arguments if name not in ("self", "cls")])


def problems(path: Path) -> list[str]:
    """What of one file breaks a size."""
    name = path.relative_to(ROOT).as_posix()
    text = path.read_text()
    found = []
    if (lines := text.count("\n")) > FILE_LINES and name not in EXCEPTIONS:
        found.append(f"{name}: {lines} lines (at most {FILE_LINES}): which concept is missing?")
    if path.suffix != ".py":
        return found
    for node in functions(ast.parse(text)):
        if f"{name}::{node.name}" in EXCEPTIONS:
            continue
        if (lines := body_lines(node)) > FUNCTION_LINES:
            found.append(f"{name}:{node.lineno} {node.name}: {lines} lines (at most {FUNCTION_LINES})")
        if "/cli/" not in name and (count := positional(node)) > POSITIONAL:
            found.append(f"{name}:{node.lineno} {node.name}: {count} positional arguments (at most {POSITIONAL})")
    return found


def main() -> int:
    """Print every problem; 1 if there is one."""
    kinds = ("*.py", "*.sql", "*.html", "*.css", "*.js", "*.typ")
    files = [p for kind in kinds for top in ("src", "scripts", "tests") for p in (ROOT / top).rglob(kind)]
    files = [path for path in files if "node_modules" not in path.parts]  # others' code
    found = [line for path in sorted(files) for line in problems(path)]
    print("\n".join(found) or f"sizes: {len(files)} files within bounds")
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main())
