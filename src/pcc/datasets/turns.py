"""Turns of spinning LiDAR for training, and their contexts as batches.

A batch holds cells of one pass (`pcc.geometry.interlace`) from several turns: a random stretch of rows and columns of
each, coded as a codec would at some bin width. Turns are varied so that a network serves other sensors, too: every
second or fourth laser, every second column, mirrored, coarser range steps.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from pcc.datasets.describe import NOT_STATED, SYNTHETIC, data_record, sha256_of
from pcc.datasets.good_files import read_good
from pcc.datasets.heldout import refuse_heldout
from pcc.datasets.lidar import find_frames, millimetres
from pcc.datasets.sensor_models import make_sensor
from pcc.datasets.sensors import Measured, sensor_frames
from pcc.datasets.validation import checked
from pcc.errors import InvalidCloud
from pcc.geometry.interlace import PASSES, pass_numbers
from pcc.geometry.range_image import RangeImage, roll_of
from pcc.io import read_points
from pcc.ops.lattice_context import Contexts, contexts, reflectance_bytes, reflectance_feats, width_feat
from pcc.ops.lattice_map import Found, find
from pcc.pointcloud import PointCloud
from pcc.progress import track
from pcc.records import check_numbers
from pcc.sensors.bins import RangeBins
from pcc.sensors.known import find_table
from pcc.sensors.scan import ON_LATTICE, Scan, quartiles, reflectance_row_feats, row_feats, scan_of
from pcc.sensors.table import SensorTable

NUM_LEVELS = 128


@dataclass(frozen=True, eq=False)
class Turn:
    """A scan and the reflectances of its cells: (L, C) uint8 levels below 128, of ``most`` at most."""

    scan: Scan
    reflectance: np.ndarray
    most: int

    @cached_property
    def quartiles(self) -> np.ndarray:
        """(L, 3) uint8, see `pcc.sensors.scan.quartiles`."""
        return quartiles(self.reflectance, self.scan.index > 0)


@dataclass(frozen=True, eq=False)
class CellBatch:
    """Cells of one pass.

    Attributes:
        step: number of the pass.
        contexts: of the cells.
        target: (N,) int32 range units, 0 where a cell is empty; bin: (N,) int32, the width of its bins in units.
        reflectance: (M,) uint8 levels of the cells with points.
        shades: (M, F) uint8, what the reflectance's network sees of them.
        num_points: M.
    """

    step: int
    contexts: Contexts
    target: np.ndarray
    bin: np.ndarray
    reflectance: np.ndarray
    shades: np.ndarray

    @property
    def num_points(self) -> int:
        return int(np.count_nonzero(self.target))


def turns_from_folders(
    root: str, frames: Mapping[str, int], *, exclude: Sequence[str] = (), sensor: str = "hdl64e-kitti",
    recipe: TurnRecipe | None = None, licence: str = NOT_STATED,
) -> TurnBatches:  # fmt: skip
    """Batches of raw KITTI frames.

    Args:
        root: folder of the data.
        frames: pattern of folders below ``root`` -> take each n-th frame.
        exclude: ``folder/file`` names of frames to leave out.
        sensor: the table in whose lattice they lie.

    Raises:
        FileNotFoundError: nothing matches a pattern.
        HeldOutCloud: a test frame is among them.
    """
    table = find_table(sensor)
    folders = {pattern: sorted(Path(root).glob(pattern)) for pattern in frames}
    missing = [pattern for pattern, found in folders.items() if not found]
    if missing:
        raise FileNotFoundError(f"nothing matches {missing[0]!r} in {Path(root).absolute()}; see data/README.md")
    paths = [path for pattern, every in frames.items() for path in find_frames(folders[pattern], every, exclude)]
    turns = read_good(track(paths, "reading turns"), lambda path: read_turn(path, table))
    return TurnBatches(turns, recipe or TurnRecipe(), licence)


def turns_simulated(
    kinds: Sequence[str], *, num_frames: int = 20, seed: int = 0, every: int = 1, recipe: TurnRecipe | None = None
) -> TurnBatches:
    """Batches of simulated sensors in synthetic streets: no download.

    Args:
        kinds: of `pcc.datasets.sensor_models`; num_frames: of each.
        every: leave out all but each n-th laser.
    """
    turns = []
    for kind in kinds:
        model = make_sensor(kind, seed, every)
        turns += [measured_turn(model.table, m) for m in sensor_frames(model, num_frames, seed)]
    return TurnBatches(turns, recipe or TurnRecipe(), SYNTHETIC)


def measured_turn(table: SensorTable, measured: Measured) -> Turn:
    """A simulated frame."""
    found = Found(measured.laser, measured.step, measured.index, np.zeros(len(measured.laser), np.float32))
    return _turn(table, found, np.ones(len(measured.laser), bool), measured.cloud)


def validation_turns(clouds: Mapping[str, Mapping[str, Any]]) -> dict[str, list[CellBatch]]:
    """Whole turns that are never trained on.

    Args:
        clouds: name -> ``path`` of a raw KITTI frame, and optionally ``group`` and ``sensor``.
    """
    turns = {}
    for name, settings in clouds.items():
        c = checked(name, settings, "path", ("group", "sensor"))
        table = find_table(c.get("sensor", "hdl64e-kitti"))
        turns[name] = whole_turn(turn_of(Path(c["path"]), table), c.get("group", 1))
    return turns


def read_turn(path: Path, table: SensorTable) -> Turn:
    """A raw KITTI frame. Intensities are hundredths.

    Raises:
        HeldOutCloud: it is a test frame.
    """
    refuse_heldout(path)
    return turn_of(path, table)


def turn_of(path: Path, table: SensorTable) -> Turn:
    """A raw KITTI frame, also one that must not train. Intensities are hundredths."""
    cloud = read_points(path)
    if "intensity" not in cloud.fields:
        raise InvalidCloud(f"{path}: expected intensities")
    xyz = millimetres(cloud.xyz.astype(np.float64)).astype(np.float64)
    found = find(table.lattice, xyz, table.max_index)
    return _turn(table, found, found.error < ON_LATTICE, cloud)


def _turn(table: SensorTable, found: Found, fits: np.ndarray, cloud: PointCloud) -> Turn:
    scan = scan_of(table, found, fits)
    levels = np.clip(np.rint(cloud.fields["intensity"] * 100), 0, NUM_LEVELS - 1).astype(np.uint8)
    reflectance = np.where(scan.point >= 0, levels[scan.point], 0).astype(np.uint8)
    return Turn(scan, reflectance, max(int(reflectance.max(initial=0)), 1))


@dataclass(frozen=True)
class TurnRecipe:
    """How turns become batches.

    Attributes:
        cells: of a batch, about.
        turns: of a batch.
        pass_shares: how often each pass is drawn; None: by the square root of its cells.
        mirrored: whether every turn comes mirrored, too.
        thinned_rows, thinned_columns, coarse: probabilities of the variations.
    """

    cells: int = 8192
    turns: int = 4
    pass_shares: tuple[float, ...] | None = None
    mirrored: bool = True
    thinned_rows: float = 0.1
    thinned_columns: float = 0.1
    coarse: float = 0.35
    most_coarse: int = 64

    def __post_init__(self) -> None:
        check_numbers(self)


@dataclass(frozen=True, eq=False)
class TurnBatches:
    """Batches from turns and their mirror images."""

    turns: Sequence[Turn]
    recipe: TurnRecipe = field(default_factory=TurnRecipe)
    licence: str = NOT_STATED

    def describe(self) -> dict[str, Any]:
        """Points on the lattice; of turns and mirror images a SHA-256 over the range indices of all cells."""
        own = self.turns[: len(self.turns) // 2] if self.recipe.mirrored else self.turns
        pool = {
            "name": "turns and their mirror images" if self.recipe.mirrored else "turns",
            "clouds": len(own),
            "points": sum(int(np.count_nonzero(turn.scan.index)) for turn in own),
            "share": 1.0,
            "sha256": sha256_of(turn.scan.index for turn in self.turns),
        }
        return data_record("TurnBatches", self.licence, [pool])

    def __post_init__(self) -> None:
        mirrored = [cut(turn, mirrored=True) for turn in self.turns] if self.recipe.mirrored else []
        object.__setattr__(self, "turns", [*self.turns, *mirrored])

    def sample(self, rng: np.random.Generator) -> CellBatch:
        recipe = self.recipe
        sizes = [(64 // p.row_step) * (2048 // p.column_step) for p in PASSES]
        shares = np.array(recipe.pass_shares or np.sqrt(sizes))
        step = int(rng.choice(len(PASSES), p=shares / shares.sum()))
        parts = [self._part(step, recipe.cells // recipe.turns, rng) for _ in range(recipe.turns)]
        return join_cells(parts)

    def _part(self, step: int, cells: int, rng: np.random.Generator) -> CellBatch:
        recipe = self.recipe
        turn = varied(self.turns[int(rng.integers(len(self.turns)))], recipe, rng)
        group = int(2 ** rng.integers(1, recipe.most_coarse.bit_length())) if rng.random() < recipe.coarse else 1
        return cells_of(turn, step, group=group, most=cells, rng=rng)


def varied(turn: Turn, recipe: TurnRecipe, rng: np.random.Generator) -> Turn:
    """A turn as another sensor might have seen it."""
    rows = columns = slice(None)
    if rng.random() < recipe.thinned_rows:
        every = int(rng.choice([2, 4]))
        rows = slice(int(rng.integers(every)), None, every)
    if rng.random() < recipe.thinned_columns:
        columns = slice(int(rng.integers(2)), None, 2)
    return turn if rows == columns == slice(None) else cut(turn, rows, columns)


def cut(turn: Turn, rows: slice = slice(None), columns: slice = slice(None), *, mirrored: bool = False) -> Turn:
    """Some lasers and firings of a turn; mirrored left to right."""
    scan, table = turn.scan, turn.scan.table
    index, reflectance = (_rolled(values, -_rolls(scan))[rows, columns] for values in (scan.index, turn.reflectance))
    firings, shift = scan.firings[columns].astype(np.int64), table.shift[rows]
    if mirrored:
        firings, shift = -firings % table.steps, -shift
        order = np.argsort(firings, kind="stable")
        firings, index, reflectance = firings[order], index[:, order], reflectance[:, order]
    table = replace(table, slope=table.slope[rows], offset=table.offset[rows], shift=shift)
    scan = Scan(table, firings.astype(np.int32), index, index, scan.apart)
    index, reflectance = (_rolled(values, _rolls(scan)) for values in (index, reflectance))
    return Turn(replace(scan, index=index, point=index), reflectance, turn.most)


def _rolled(values: np.ndarray, rolls: np.ndarray) -> np.ndarray:
    """Each row moved to the right by its number of columns, round."""
    columns = values.shape[1]
    return np.take_along_axis(values, (np.arange(columns) - rolls[:, None]) % columns, 1)


def _rolls(scan: Scan) -> np.ndarray:
    return roll_of(scan.table.shift, scan.table.steps, len(scan.firings))


def cells_of(
    turn: Turn, step: int, *, group: int = 1, most: int | None = None, rng: np.random.Generator | None = None
) -> CellBatch:
    """The cells of a pass of one turn, as a codec sees them.

    Args:
        group: range indices in a bin.
        most: about so many cells at a random place; None: all.
    """
    scan, the_pass = turn.scan, PASSES[step]
    bins = RangeBins(scan.table.range_units, group)
    ranges = bins.units(bins.numbers(scan.index))
    known, width = pass_numbers(*ranges.shape) < step, width_feat(bins.width)
    image = RangeImage(scan.deviations, row_feats(scan.table, scan.statistics))
    image.fill(np.where(known, ranges, 0))
    cells: tuple[int, ...] = image.cells(the_pass)
    if most is not None and rng is not None:
        cells = _some_of(cells, most, rng)
    seen = contexts(image, the_pass, width, cells)
    image.fill(ranges)
    places = image.flat(cells)
    target = image.range.reshape(-1)[places]
    bin_width = np.full(len(target), bins.width, np.int32)
    filled = target > 0
    levels = image.padded(turn.reflectance).reshape(-1)[places[filled]]
    image.set_row_feats(shade_row_feats(turn))
    full = contexts(image, the_pass, width, cells)
    shown = image.padded(np.where(known, reflectance_bytes(turn.reflectance, turn.most), 0))
    extra = reflectance_feats(image, shown, the_pass, places[filled], full.base[filled])
    shades = np.concatenate([full.feats[filled], extra], 1)
    return CellBatch(step, seen, target, bin_width, levels, shades)


def shade_row_feats(turn: Turn) -> np.ndarray:
    """(L, 8) uint8, what is told of the rows before their reflectances."""
    scan = turn.scan
    return reflectance_row_feats(row_feats(scan.table, scan.statistics), turn.quartiles, turn.most)


def _some_of(cells: tuple[int, ...], most: int, rng: np.random.Generator) -> tuple[int, ...]:
    """A stretch of rows and columns of a pass's cells, at random."""
    first_row, row_step, rows, first_column, column_step, columns = cells
    wide = min(columns, max(64, most // max(rows, 1)))
    high = min(rows, max(1, most // max(wide, 1)))
    row, column = int(rng.integers(rows - high + 1)), int(rng.integers(columns - wide + 1))
    return first_row + row * row_step, row_step, high, first_column + column * column_step, column_step, wide


def join_cells(parts: Sequence[CellBatch]) -> CellBatch:
    """One batch of several of the same pass."""
    seen = [part.contexts for part in parts]
    joined = Contexts(*(np.concatenate([getattr(c, f.name) for c in seen]) for f in fields(Contexts)))
    arrays = (np.concatenate([getattr(p, name) for p in parts]) for name in ("target", "bin", "reflectance", "shades"))
    return CellBatch(parts[0].step, joined, *arrays)


def whole_turn(turn: Turn, group: int = 1) -> list[CellBatch]:
    """All passes of a turn: what validation sums up."""
    return [cells_of(turn, step, group=group) for step in range(len(PASSES))]
