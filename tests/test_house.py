"""The house stands as it was drawn: what may know what, and what a start costs."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ENGINE = sorted((ROOT / "lobterm" / "engine").glob("*.py"))


def loaded_by(statement: str) -> set[str]:
    """Return the modules that a fresh interpreter has loaded after `statement`."""
    program = f"import sys\n{statement}\nprint(*sorted(sys.modules), sep='\\n')"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    return set(done.stdout.split())


def test_imports_point_one_way():
    done = subprocess.run(
        [sys.executable, "-c", "import sys; from importlinter.cli import lint_imports_command as c; sys.exit(c())"],
        capture_output=True, text=True, check=False, cwd=ROOT,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    "module", ["textual", "sklearn", "polars", "pyarrow", "sqlite3", "asyncio", "aiohttp", "picows"]
)
def test_the_core_loads_without(module):
    assert module not in loaded_by("import lobterm.engine.drive, lobterm.engine.read")


@pytest.mark.parametrize("module", ["numpy", "numba", "textual", "pyarrow", "polars", "sklearn"])
def test_help_loads_nothing_heavy(module):
    assert module not in loaded_by("from lobterm.cli import parser; parser().format_help()")


BEHIND = [
    "numba", "pandas", "scipy", "polars", "sqlite_utils", "sklearn", "pyarrow.compute", "lobterm.view.review",
    "lobterm.view.heat", "widgets.heatmap", "lobterm.app.screens.explain", "textual.widgets._footer",
]  # fmt: skip


@pytest.mark.parametrize("module", BEHIND)
def test_the_first_paint_waits_for_nothing_that_it_does_not_need(module):
    loaded = "import lobterm.cli.replay, lobterm.runtime, lobterm.session.log, lobterm.tape.parquet, lobterm.app.app"
    assert module not in loaded_by(loaded)


@pytest.mark.parametrize("module", ["pandas", "scipy.linalg"])
def test_the_engine_moves_without(module):
    read = "parquet.open_tape(pathlib.Path('replays/demo.parquet')).group(0, 0)"
    imports = (
        "import pathlib; from lobterm import warm; from lobterm.engine import drive; from lobterm.tape import parquet"
    )
    assert module not in loaded_by(f"{imports}; {read}; warm.load()")


@pytest.mark.parametrize("path", ENGINE, ids=lambda path: path.name)
def test_every_part_of_the_engine_says_what_it_is_and_keeps_to_itself(path):
    text = path.read_text()
    for line in re.findall(r"^\s*(?:from|import) (\S+)", text, re.MULTILINE):
        root = line.split(".")[0]
        allowed = {"numpy", "numba", "lobterm"} | {
            "__future__",
            "math",
            "typing",
            "collections",
            "dataclasses",
            "enum",
            "hashlib",
        }
        # how kernels are compiled, no part of them
        compiling = {"contextlib", "sys"} if path.name == "kernel.py" else set()
        assert root in allowed | compiling, line
        if root == "lobterm":
            assert line.startswith(("lobterm.engine", "lobterm.events", "lobterm.instrument")), line
    assert "fastmath" not in text
    assert "parallel" not in text
    for decorator in re.findall(r"@njit.*", text):
        assert "cache=True" in decorator


def test_no_key_no_order_no_telemetry():
    for path in (ROOT / "lobterm").rglob("*.py"):
        text = path.read_text().lower()
        for word in ("api_key", "apikey", "api_secret", "x-mbx-apikey", "/fapi/v1/order", "listenkey"):
            assert word not in text, (path, word)


def test_the_readme_names_only_commands_and_keys_that_exist():
    from lobterm.app import keys
    from lobterm.cli import parser

    readme = (ROOT / "README.md").read_text()
    helps = parser().format_help()
    for command in set(re.findall(r"^\s*lobterm (\w+)", readme, re.MULTILINE)):
        assert command in helps, command
    for binding in (binding for bindings in keys.ALL.values() for binding in bindings):
        for key in [binding.key_display] if binding.key_display else binding.key.split(","):
            assert f"`{key}`" in readme, binding
