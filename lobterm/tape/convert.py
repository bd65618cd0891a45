"""Recordings to one tape: sniff, open, merge by local stamp, tell the clocks apart, write."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from lobterm import __version__
from lobterm.config import Config
from lobterm.errors import ConfigError, InputError
from lobterm.events import EventArray, Market
from lobterm.instrument import Instrument
from lobterm.tape.importers import bulk as bulk_csv
from lobterm.tape.importers import cryptofeed, framed_csv, npz, raw, tardis
from lobterm.tape.importers.base import Recording
from lobterm.tape.importers.sniff import Layout, sniff
from lobterm.tape.merge import merge
from lobterm.tape.offset import with_offsets
from lobterm.tape.parquet import TapeMeta, write_tape

FINEST_LOT = "0.00000001"
NAMES = {Market.PERP: "perpetual", Market.SPOT: "spot"}


@dataclass(frozen=True, slots=True)
class Sizes:
    """Where ticks and lots come from: given by hand, an exchangeInfo file, or the configuration."""

    config: Config
    tick: str | None = None
    lot: str | None = None
    exchange_info: dict[str, tuple[str, str]] = field(default_factory=dict)

    def instrument(self, symbol: str, market: Market) -> Instrument:
        """Return a symbol's instrument, or raise ConfigError with what to do."""
        tick, lot = self.exchange_info.get(symbol, (None, None))
        if market == Market.SPOT and lot:
            lot = FINEST_LOT  # resting remainders are finer than the order step
        return self.config.instrument(symbol, market, self.tick or tick, self.lot or lot)


def _symbol(layouts: list[Layout], wanted: str | None) -> str:
    found = sorted({symbol for layout in layouts for symbol in layout.symbols})
    if wanted:
        if found and wanted not in found and all(layout.symbols for layout in layouts):
            raise InputError(f"no messages of {wanted}", file=layouts[0].path, mend=f"it holds {', '.join(found[:8])}")
        return wanted
    if len(found) == 1:
        return found[0]
    if not found:
        raise InputError("does not say its symbol", file=layouts[0].path, mend="pass --symbol")
    raise InputError(f"holds {', '.join(found[:8])}", file=layouts[0].path, mend="pass --symbol with one of them")


def _open(layouts: list[Layout], instrument: Instrument) -> list[Recording]:
    """Return the recordings of one market; files that form a chain are opened together."""
    by_family: dict[str, list[Layout]] = {}
    for layout in layouts:
        by_family.setdefault(layout.family, []).append(layout)
    opened: list[Recording] = []
    for family, members in by_family.items():
        paths = [layout.path for layout in members]
        match family:
            case "raw":
                opened.append(raw.open_raw(paths, instrument))
            case "cryptofeed":
                opened.append(cryptofeed.open_cryptofeed(paths, instrument))
            case "framed_csv":
                opened.append(framed_csv.open_framed_csv(paths, instrument))
            case "npz":
                opened.append(npz.open_npz(paths, instrument))
            case "tardis":
                kinds = dict.fromkeys(layout.kind for layout in members)
                opened += [
                    tardis.open_tardis([layout.path for layout in members if layout.kind == kind], kind, instrument)
                    for kind in kinds
                ]
            case "bulk":
                opened += [bulk_csv.open_bulk(layout.path, layout.kind, instrument) for layout in members]
    return opened


def _market(paths: list[Path], market: Market, wanted: str | None, sizes: Sizes) -> list[Recording]:
    layouts = [layout for layout in map(sniff, paths) if layout.family != "empty"]
    if not layouts:
        raise InputError("is empty", file=paths[0], mend="name a recording that holds something")
    for layout in layouts:
        if layout.market not in (None, market):
            option = "--spot" if layout.market == Market.SPOT else "without --spot"
            raise InputError(f"is a {NAMES[layout.market]} recording", file=layout.path, mend=f"name it {option}")
    books = [layout for layout in layouts if layout.kind in tardis.BOOKS]
    if len({layout.kind for layout in books}) > 1:
        raise InputError("two kinds of book at once", file=books[1].path, mend="name one of them")
    try:
        return _open(layouts, sizes.instrument(_symbol(layouts, wanted), market))
    except ConfigError as error:
        raise InputError(error.what, file=layouts[0].path, mend=error.mend) from error


def _refuse_mixed_clocks(recordings: list[Recording]) -> None:
    """Raise InputError where some rows carry receive times and others the exchange's: no order of them is known."""
    without = [recording for recording in recordings if "local_time" in recording.source]
    if without and len(without) < len(recordings):
        name = without[0].source["files"][0]["name"]
        raise InputError("has no receive times, the other recordings have", file=name, mend="import it on its own")


def _watched(chunks: Iterable[EventArray], progress: Callable[[int], None] | None) -> Iterator[EventArray]:
    rows = 0
    for chunk in chunks:
        yield chunk
        rows += len(chunk)
        if progress:
            progress(rows)


def import_tape(
    perp: list[Path],
    spot: list[Path],
    out: Path,
    sizes: Sizes,
    *,
    symbol: str | None = None,
    progress: Callable[[int], None] | None = None,
) -> TapeMeta:
    """Write one tape from recordings of a perpetual, its spot market, or both; return what it says of itself."""
    recordings = _market(perp, Market.PERP, symbol, sizes) if perp else []
    recordings += _market(spot, Market.SPOT, symbol, sizes) if spot else []
    if not recordings:
        raise InputError("nothing to import", mend="name at least one recording")
    _refuse_mixed_clocks(recordings)
    instruments = list(dict.fromkeys(recording.instrument for recording in recordings))
    kinds = {int(r.instrument.market): r.exch_ts_kind for r in recordings}
    skipped: Counter[str] = Counter()
    provenance = {
        "importer": __version__,
        "sources": [{**r.source, "market": int(r.instrument.market)} for r in recordings],
    }

    def chunks() -> Iterator[EventArray]:
        yield from with_offsets(merge(r.chunks for r in recordings), int(instruments[0].market))
        for recording in recordings:
            skipped.update(recording.skipped)

    return write_tape(
        out, instruments, _watched(chunks(), progress), exch_ts_kind=kinds, skipped=skipped, provenance=provenance
    )
