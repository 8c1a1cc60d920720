"""Dependencies point one way: what each room may import of ours, and which packages are kept for one room."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PUBLIC = {path.stem for path in (ROOT / "core").glob("*.py")} - {
    "__init__",
    "__main__",
    "workbench",
    "settings",
    "errors",
}
PUBLIC |= {"charts", "sample"}  # public, but folders

_OF_PDFS = {"fpdf", "fontTools", "pypdfium2", "uharfbuzz"}  # slow to import, large in memory

# room -> what it may import below `core`
ALLOWED = {
    "errors": set(),
    "domain": {"domain", "errors"},
    "measures": {"domain", "errors"},
    "library": {"domain", "errors"},
    "credentials": {"errors", "private_files"},
    "settings": {"credentials", "domain", "errors"},
    "feeds": {"feeds", "domain", "errors"},
    "channels": {"channels", "domain", "errors"},
    "store": {"store", "domain", "errors"},
    "workbench": {"store", "domain", "errors", "settings"},
    "sample": {"sample", "feeds", "domain", "errors"},
    "public": {
        "store",
        "channels",
        "feeds",
        "measures",
        "library",
        "domain",
        "errors",
        "settings",
        "workbench",
        *PUBLIC,
    },
    "web": {"web", "domain", "errors", "settings", "workbench", *PUBLIC},
    "commands": {"domain", "errors", "settings", "workbench", *PUBLIC},
    "__main__": {"commands", "domain", "errors", "settings", "workbench", *PUBLIC},
    "pages": {"domain", "errors", "settings", "workbench", *PUBLIC},
}
ONLY_IN = {
    "sqlalchemy": {"store", "workbench", "public"},
    "alembic": {"store"},
    "streamlit": {"pages", "app"},
    "starlette": {"web"},
    "smtplib": {"channels"},
    "aiosmtpd": {"channels"},
    "aiohttp": {"channels"},
    "twilio": {"channels"},
    "authlib": {"channels"},
    "joserfc": {"channels"},
    "requests": {"channels"},
    **{package: {"channels"} for package in _OF_PDFS},
}


def _files() -> Iterator[tuple[str, Path]]:
    for path in sorted((ROOT / "core").rglob("*.py")):
        first = path.relative_to(ROOT / "core").parts[0]
        room = first if first in ALLOWED else first.removesuffix(".py")
        if room == "__init__":
            continue
        yield (room if room in ALLOWED else "public"), path
    for path in sorted((ROOT / "pages").glob("*.py")):
        yield "pages", path


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            if node.module == "core":
                yield from (f"core.{alias.name}" for alias in node.names)
            else:
                yield node.module


@pytest.fixture(scope="module")
def imports() -> dict[tuple[str, Path], set[str]]:
    """By room and file what is imported."""
    return {(room, path.relative_to(ROOT)): set(_imports(path)) for room, path in _files()}


def test_a_room_imports_only_what_lies_below_it(imports: dict[tuple[str, Path], set[str]]) -> None:
    wrong = {}
    for (room, path), names in imports.items():
        imported = {name.split(".")[1] for name in names if name.startswith("core.")}
        if more := imported - ALLOWED[room] - ({path.stem} if room == "public" else set()):
            wrong[f"{path} ({room}) must not import"] = more

    assert len(imports) > 500 and wrong == {}


def test_a_package_kept_for_one_room_is_imported_there_only(imports: dict[tuple[str, Path], set[str]]) -> None:
    wrong = {}
    for (room, path), names in imports.items():
        packages = {name.split(".")[0] for name in names} & ONLY_IN.keys()
        if more := {package for package in packages if room not in ONLY_IN[package]}:
            wrong[f"{path} ({room}) must not import"] = more

    assert wrong == {}


def test_what_makes_pdfs_is_imported_only_when_one_is_made() -> None:
    public = ", ".join(f"core.{name}" for name in sorted(PUBLIC - {"sample"}))
    asked = f"import sys, core.__main__, {public}; print(*({_OF_PDFS!r} & sys.modules.keys()))"

    found = subprocess.run([sys.executable, "-c", asked], cwd=ROOT, capture_output=True, text=True, check=True)

    assert found.stdout.split() == []
