from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def loaded_by(statement: str) -> set[str]:
    """Return the top-level modules that a fresh interpreter holds after `statement`."""
    code = f"{statement}\nimport sys\nprint(*sorted({{name.partition('.')[0] for name in sys.modules}}))"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return set(done.stdout.split())


def test_asking_for_the_console_does_not_load_textual():
    assert "textual" not in loaded_by("from lobterm.app import run")


def test_the_first_paint_needs_no_compiler():
    assert not {"numba", "polars", "pyarrow", "sklearn"} & loaded_by("import lobterm.app.app")


def test_widgets_know_nothing_of_lobterm():
    names = sorted(path.stem for path in (ROOT / "widgets").glob("*.py") if path.stem != "__init__")
    assert len(names) > 10
    assert "lobterm" not in loaded_by("import " + ", ".join(f"widgets.{name}" for name in names))


def test_views_draw_nothing():
    assert not {"textual", "widgets", "numba"} & loaded_by(
        "import lobterm.view.build, lobterm.view.heat, lobterm.view.series, lobterm.view.rate"
    )
