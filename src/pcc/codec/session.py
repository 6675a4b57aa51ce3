"""What the frames of a file share while they are decoded: one purse for all, models, and the tables of sensors.

A frame may leave out its sensor's table where another frame of the file carries it. The file is searched for tables
once, however many frames ask, and each table is parsed once. So is a model looked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from pcc.codec.container import frame_spans
from pcc.codec.limits import DEFAULT_LIMITS, Limits
from pcc.codec.work import FRAME, Work

if TYPE_CHECKING:
    from pcc.inference.registry import Model
    from pcc.sensors.table import SensorTable


class Session:
    """A file, as long as frames of it are decoded.

    Raises:
        CorruptStream, LimitExceeded: as `pcc.codec.container.frame_spans`; when frames or tables are first asked for.
    """

    def __init__(self, data: bytes | memoryview, limits: Limits = DEFAULT_LIMITS) -> None:
        self.data, self.limits = data, limits
        self._work = Work.of(len(data), limits)
        self._in_file: dict[bytes, SensorTable] = {}
        self._models: dict[bytes, Model] = {}

    @cached_property
    def spans(self) -> list[tuple[int, int]]:
        """Where the frames lie."""
        return frame_spans(self.data, self.limits)

    def work_on(self, span: tuple[int, int]) -> Work:
        """A purse for the frame there, by its own bytes; the file's pays as well."""
        work = Work.of(span[1] - span[0], self.limits, self._work)
        work.spend(FRAME)
        return work

    def find_model(self, digest: bytes) -> Model:
        """The installed model of that digest; raises ModelMismatch where there is none."""
        if digest not in self._models:
            from pcc.inference.registry import find_model_by_digest

            self._models[digest] = find_model_by_digest(digest)
        return self._models[digest]

    def find_table(self, digest: bytes) -> SensorTable | None:
        """The sensor's table of that digest: one that is known here, or else the first of the file."""
        found = self._known.get(digest) or self._in_file.get(digest)
        while found is None and (table := next(self._unseen, None)) is not None:
            self._in_file.setdefault(table.digest, table)
            found = self._in_file.get(digest)
        return found

    @cached_property
    def _known(self) -> dict[bytes, SensorTable]:
        from pcc.sensors.known import known_tables

        return {table.digest: table for table in reversed(known_tables())}  # of equal ones the first

    @cached_property
    def _unseen(self) -> Iterator[SensorTable]:
        from pcc.codec.lattice.tables import tables_in

        return tables_in(self.data, self.spans)
