"""Sensors' tables in a stream: a frame may leave out the table that another frame of the stream carries."""

from __future__ import annotations

from collections.abc import Iterator

from pcc.codec.container import LATTICE, frame_spans, read_chunk
from pcc.codec.lattice.chunk import FindTable, embedded_table
from pcc.codec.limits import DEFAULT_LIMITS, Limits
from pcc.codec.wire import Reader
from pcc.errors import CorruptStream
from pcc.sensors.known import find_table_by_digest
from pcc.sensors.table import SensorTable


def tables_of(data: bytes | memoryview, limits: Limits = DEFAULT_LIMITS) -> Iterator[SensorTable]:
    """The tables that the frames of a stream carry, in their order; damaged frames have none.

    Raises:
        CorruptStream, LimitExceeded: as `pcc.codec.container.frame_spans`.
    """
    for start, end in frame_spans(data, limits):
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


def finder(data: bytes | memoryview, limits: Limits = DEFAULT_LIMITS) -> FindTable:
    """Finds tables by digest: those that are known here, and then those in the stream."""

    def find(digest: bytes) -> SensorTable | None:
        known = find_table_by_digest(digest)
        if known is not None:
            return known
        return next((table for table in tables_of(data, limits) if table.digest == digest), None)

    return find
