"""Sensors' tables in a stream: a frame may leave out the table that another frame of the stream carries."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pcc.codec.container import LATTICE, frame_spans, read_chunk
from pcc.codec.lattice.chunk import embedded_table
from pcc.codec.limits import DEFAULT_LIMITS, Limits
from pcc.codec.wire import Reader
from pcc.errors import CorruptStream
from pcc.sensors.table import SensorTable


def tables_of(data: bytes | memoryview, limits: Limits = DEFAULT_LIMITS) -> Iterator[SensorTable]:
    """The tables that the frames of a stream carry, in their order; damaged frames have none.

    Raises:
        CorruptStream, LimitExceeded: as `pcc.codec.container.frame_spans`.
    """
    return tables_in(data, frame_spans(data, limits))


def tables_in(data: bytes | memoryview, spans: Iterable[tuple[int, int]]) -> Iterator[SensorTable]:
    """``tables_of`` the frames at ``spans``."""
    for start, end in spans:
        try:
            table = _table_of(Reader(memoryview(data)[:end], start))
        except CorruptStream:
            continue
        if table is not None:
            yield table


def _table_of(reader: Reader) -> SensorTable | None:
    while reader.remaining:
        chunk = read_chunk(reader)
        if chunk.tag == LATTICE:
            return embedded_table(chunk.payload)
    return None
