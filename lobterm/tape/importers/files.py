"""Columns of recorded CSV files, plain, gz or zip, as exact integers, a bounded batch at a time.

Every cell is read as text and turned into integers of 1e-8, so that no price ever passes through a float; a cell that
cannot be read is named by file, line and value.
"""

from __future__ import annotations

import gzip
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from lobterm.errors import FormatError
from lobterm.events import FIXED
from lobterm.instrument import Instrument

I8 = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

BLOCK_BYTES = 1 << 23
E8 = pa.decimal128(38, 8)


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """Open the content of a plain, .gz or .zip file; turn what the disk or the packing says into a FormatError."""
    try:
        if path.suffix == ".zip":
            with zipfile.ZipFile(path) as archive, archive.open(archive.namelist()[0]) as file:
                yield cast(BinaryIO, file)
        elif path.suffix == ".gz":
            with gzip.open(path) as packed:
                yield cast(BinaryIO, packed)
        else:
            with path.open("rb") as file:
                yield file
    except EOFError as error:
        raise FormatError("is cut short", file=path, mend="download it again") from error
    except (gzip.BadGzipFile, zipfile.BadZipFile, IndexError) as error:
        raise FormatError(f"is not {path.suffix[1:]}", file=path, mend="was it renamed or cut short?") from error
    except OSError as error:
        raise FormatError("cannot be read", file=path, mend=str(error.strerror or error)) from error


def header(path: Path) -> list[str]:
    """Return the cells of the first line; none if the file is empty."""
    with opened(path) as file:
        line = file.readline(1 << 20) if path.stat().st_size else b""
    text = line.decode("utf-8", errors="replace").lstrip("\ufeff").strip()
    return text.split(",") if text else []


class Columns:
    """One batch of rows by column, knowing the line each row stands on."""

    def __init__(self, path: Path, lines: I8, batch: pa.RecordBatch) -> None:
        self.path, self._lines, self._batch = path, lines, batch

    def __len__(self) -> int:
        return int(self._batch.num_rows)

    @property
    def names(self) -> list[str]:
        """Return the columns in the order they were asked for."""
        return list(self._batch.schema.names)

    def where(self, mask: Mask) -> Columns:
        """Return the rows that `mask` chooses."""
        return Columns(self.path, self._lines[mask], self._batch.filter(pa.array(mask)))

    def given(self, name: str) -> Mask:
        """Return which cells of a column are not empty."""
        column = self._batch.column(name)
        return _flags(pc.fill_null(pc.not_equal(column, ""), False))

    def is_in(self, name: str, *values: str) -> Mask:
        """Return which cells of a column hold one of `values`."""
        return _flags(pc.is_in(self._batch.column(name), value_set=pa.array(values)))

    def first(self, name: str) -> str:
        """Return a column's first cell."""
        return str(self._batch.column(name)[0].as_py())

    def sides(self, name: str, plus: str, minus: str) -> npt.NDArray[np.int8]:
        """Return +1, -1, or 0 for anything else."""
        return self.is_in(name, plus).astype(np.int8) - self.is_in(name, minus).astype(np.int8)

    def bools(self, name: str) -> Mask:
        """Return a column of true and false, in any case."""
        true = self.is_in(name, "true", "True", "TRUE", "1")
        bad = ~true & ~self.is_in(name, "false", "False", "FALSE", "0")
        self.refuse(name, bad, "true or false")
        return true

    def ints(self, name: str, *, empty: int | None = None) -> I8:
        """Return a column of whole numbers; empty cells become `empty`, or are refused."""
        cells = self._batch.column(name) if empty is None else self._or_zero(name)
        values = cast(I8, self._cast(name, cells, pa.int64(), "a whole number").to_numpy())
        return values if empty is None else np.where(self.given(name), values, empty)

    def micros(self, name: str) -> I8:
        """Return a column of times since the epoch in µs, told from ms by their size."""
        stamps = self.ints(name)
        return np.where(stamps < 10**14, stamps * 1000, stamps)

    def fixed(self, name: str, *, empty: int | None = None) -> I8:
        """Return a column of decimals in 1e-8; empty cells become `empty`, or are refused."""
        given = self.given(name)
        if empty is None:
            self.refuse(name, ~given, "a number")
        cells = self._cast(name, self._or_zero(name), E8, "a number with at most eight places")
        words = np.frombuffer(cells.buffers()[1], np.int64)[2 * cells.offset : 2 * (cells.offset + len(cells))]
        low, high = words[::2], words[1::2]
        self.refuse(name, high != low >> 63, "a number below 92 thousand million")
        return np.where(given, low, 0 if empty is None else empty)

    def rounded(self, name: str) -> I8:
        """Return a column of off-tick numbers, rounded to 1e-8; empty cells become 0."""
        values = self._cast(name, self._or_zero(name), pa.float64(), "a number").to_numpy() * FIXED
        self.refuse(name, ~(np.abs(values) < 2.0**53), "a number below 90 million")
        return cast(I8, np.rint(values).astype(np.int64))

    def ticks(self, name: str, instrument: Instrument, *, empty: int | None = None) -> I8:
        """Return a column of prices in ticks; a price off the grid is refused."""
        return self._units(name, instrument.tick_e8, f"a multiple of the tick {instrument.tick_size}", "--tick", empty)

    def lots(self, name: str, instrument: Instrument, *, empty: int | None = None) -> I8:
        """Return a column of sizes in lots; a size off the grid is refused."""
        return self._units(name, instrument.lot_e8, f"a multiple of the lot {instrument.lot_size}", "--lot", empty)

    def _units(self, name: str, size_e8: int, wanted: str, option: str, empty: int | None) -> I8:
        value = self.fixed(name, empty=empty)
        units = value // size_e8
        self.refuse(name, value < 0, "zero or more")
        self.refuse(name, units * size_e8 != value, wanted, f"pass a finer {option}")
        return units

    def refuse(self, name: str, bad: Mask, wanted: str, mend: str = "") -> None:
        """Raise FormatError naming the first bad cell, if there is one."""
        if not bad.any():
            return
        row = int(np.argmax(bad))
        cell = self._batch.column(name)[row].as_py()
        place = f"line {self._lines[row]}, {name}"
        raise FormatError(f"{cell!r} is not {wanted}", file=self.path, place=place, mend=mend)

    def _or_zero(self, name: str) -> pa.Array:
        column = self._batch.column(name)
        return pc.if_else(pc.equal(column, ""), "0", column)

    def _cast(self, name: str, cells: pa.Array, to: pa.DataType, wanted: str) -> pa.Array:
        """Return `cells` as `to`; where that fails, name the first cell that made it fail."""
        try:
            return cells.cast(to)
        except pa.ArrowInvalid:
            bad = np.zeros(len(cells), np.bool_)
            bad[_first_failing(cells, to)] = True
            self.refuse(name, bad, wanted)
            raise


def _flags(array: pa.Array) -> Mask:
    return cast(Mask, array.to_numpy(zero_copy_only=False))


def _first_failing(cells: pa.Array, to: pa.DataType) -> int:
    low, high = 0, len(cells)
    while high - low > 1:
        middle = (low + high) // 2
        try:
            cells.slice(low, middle - low).cast(to)
            low = middle
        except pa.ArrowInvalid:
            high = middle
    return low


def batches(path: Path, wanted: Sequence[str], *, names: Sequence[str] | None = None) -> Iterator[Columns]:
    """Yield the wanted columns of a CSV file as text; `names` are the columns of a file without a header."""
    cells = list(names) if names else header(path)
    if not cells:
        return
    missing = [name for name in wanted if name not in cells]
    if missing:
        expected = f"expected: {', '.join(wanted)}"
        raise FormatError(f"lacks the column {missing[0]}", file=path, place="line 1", mend=expected)
    line = 1 if names else 2
    with opened(path) as file:
        try:
            reader = pa_csv.open_csv(
                pa.PythonFile(file, mode="r"),
                pa_csv.ReadOptions(
                    use_threads=False, block_size=BLOCK_BYTES, column_names=list(names) if names else None
                ),
                convert_options=pa_csv.ConvertOptions(
                    include_columns=list(wanted), column_types={name: pa.string() for name in wanted},
                    strings_can_be_null=False, check_utf8=True,
                ),
            )  # fmt: skip
            for batch in reader:
                yield Columns(path, np.arange(line, line + len(batch)), batch)
                line += len(batch)
        except pa.ArrowInvalid as error:
            raise FormatError(f"is not CSV: {error}", file=path, place=f"after line {line - 1}") from error
