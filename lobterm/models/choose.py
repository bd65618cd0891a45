"""Which model a live session takes by itself: the newest of the folder that was trained on the symbol."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from lobterm.errors import InputError
from lobterm.models.model import ClusterModel, load

SUFFIX = ".model.json"
MOST = 1_000
LIVE = {"touch_source": "touch", "trade_source": "trade"}
"""What the live features are made of."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """The models of a folder, and why others are none."""

    folder: Path
    models: Mapping[Path, ClusterModel] = field(default_factory=dict)
    problems: tuple[str, ...] = ()

    def newest(self, symbol: str) -> Path | None:
        """Return the model whose training ends last; of two such the one that was written last."""
        mine = [path for path, model in self.models.items() if model.training.get("symbol") == symbol]
        return max(mine, key=lambda path: (trained_to_us(self.models[path]), path.stat().st_mtime), default=None)


def trained_to_us(model: ClusterModel) -> int:
    """Return the time of the last row that a model was trained on, 0 if it does not say."""
    told = model.training.get("last_ts_us")
    return told if isinstance(told, int) else 0


def shelf(folder: Path) -> Shelf:
    """Read the models of a folder; one that cannot be read is a problem and stops no other."""
    found, problems = {}, []
    for path in sorted(folder.glob(f"*{SUFFIX}"))[:MOST] if folder.is_dir() else ():
        try:
            found[path] = load(path)
        except InputError as error:
            problems.append(str(error))
    return Shelf(folder, found, tuple(problems))


def mismatch(model: ClusterModel) -> str:
    """Say how what a model was trained on differs from what live features are made of, or nothing."""
    differs = [
        f"{key.removesuffix('_source')} by {told}, live by {live}"
        for key, live in LIVE.items()
        if (told := model.training.get(key)) != live
    ]
    return "; ".join(differs)
