"""The three coders that a walk may be handed: one counts bits, one writes them, one reads them.

A walk asks a coder for every symbol with the integer logits that predict it, and goes on with the symbols that the
coder returns. So training, encoding and decoding run the same code:

    logits --> binary_frequencies,     --> BitEstimator.bits          symbols in, the same symbols out
               tree_frequencies        --> RansEncoder.finish()       symbols in, the same symbols out
               or tables               --> RansDecoder                None in, symbols out of the stream

The coders hold no model and no order of symbols; the arithmetic is in pcc.ops.tables and pcc.ops.rans. A stream of
``RansEncoder`` is one byte, the number of lanes (1..64), and the rANS stream.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np

from pcc.errors import CorruptStream
from pcc.ops import rans
from pcc.ops.tables import TOTAL, binary_frequencies, tables, tree_frequencies

LANE_BYTES = 3  # what a lane wastes: 2 bytes of its start at L, and on average 1 of its last state
MAX_WASTE = 1e-3  # of the stream
MOST_LANES = 32  # more do not decode faster

_COST_BITS = np.log2(TOTAL / np.maximum(np.arange(TOTAL + 1), 1))


class Coder(Protocol):
    """What a walk needs of a coder; see the module's docstring."""

    def binary(self, logits: np.ndarray, symbols: np.ndarray | None) -> np.ndarray:
        """Codes binary symbols.

        Args:
            logits: (N,) int16, log2 odds of symbol 1 in 1/256 bit.
            symbols: (N,) uint8, 0 or 1; None where the coder knows them.

        Returns:
            (N,) uint8 symbols.
        """
        ...

    def tree(self, logits: np.ndarray, certain: np.ndarray, values: np.ndarray | None) -> np.ndarray:
        """Codes values of G bits, bit by bit, each bit with the logit that the lower ones choose.

        Args:
            logits: (N, 2^G - 1) int16; vertices as in `pcc.ops.tables.tree_frequencies`.
            certain: (N,) uint8, not 0 where a value of all zeros is impossible; (0,): nowhere.
            values: (N,) uint8 below 2^G; None where the coder knows them.

        Returns:
            (N,) uint8 values.
        """
        ...

    def categorical(self, logits: np.ndarray, symbols: np.ndarray | None) -> np.ndarray:
        """Codes symbols of an alphabet of K.

        Args:
            logits: (N, K) int16, 1/256 bit, 1 <= K <= 4096.
            symbols: (N,) uint16 below K; None where the coder knows them.

        Returns:
            (N,) uint16 symbols.
        """
        ...


def lanes_for(size_bytes: float) -> int:
    """The lanes for a stream of about this size: the most of 1, 2, 4 .. 32 that waste at most 0.1 % of it, or 1."""
    lanes = 1
    while lanes < MOST_LANES and 2 * lanes * LANE_BYTES <= MAX_WASTE * size_bytes:
        lanes *= 2
    return lanes


class BitEstimator:
    """Sums the information of the symbols under the integer frequencies; writes nothing.

    Attributes:
        bits: -sum log2(frequency / 16384); a stream of the same symbols is about 0.02 % and a few bytes larger.
    """

    def __init__(self) -> None:
        self.bits = 0.0

    def binary(self, logits: np.ndarray, symbols: np.ndarray | None) -> np.ndarray:
        symbols = _given(symbols)
        p1 = binary_frequencies(logits)
        self.bits += float(_COST_BITS[np.where(symbols, p1, TOTAL - p1)].sum())
        return symbols

    def tree(self, logits: np.ndarray, certain: np.ndarray, values: np.ndarray | None) -> np.ndarray:
        values = _given(values)
        for bit in range(logits.shape[1].bit_length()):
            p1 = tree_frequencies(logits, values, certain, bit)
            self.bits += float(_COST_BITS[np.where(values >> bit & 1, p1, TOTAL - p1)].sum())
        return values

    def categorical(self, logits: np.ndarray, symbols: np.ndarray | None) -> np.ndarray:
        symbols = _given(symbols)
        frequencies = np.diff(tables(logits), axis=1)
        self.bits += float(_COST_BITS[frequencies[np.arange(len(symbols)), symbols]].sum())
        return symbols


class RansEncoder:
    """Collects the symbols of a walk; ``finish`` writes them.

    Args:
        lanes: number of rANS lanes; by default the size of the stream decides (``lanes_for``).
    """

    def __init__(self, lanes: int | None = None) -> None:
        self._lanes = lanes
        self._rans = rans.RansEncoder(1 if lanes is None else lanes)

    def binary(self, logits: np.ndarray, symbols: np.ndarray | None) -> np.ndarray:
        symbols = _given(symbols)
        self._rans.put_binary(binary_frequencies(logits), symbols)
        return symbols

    def tree(self, logits: np.ndarray, certain: np.ndarray, values: np.ndarray | None) -> np.ndarray:
        values = _given(values)
        self._rans.put_tree(logits, certain, values)
        return values

    def categorical(self, logits: np.ndarray, symbols: np.ndarray | None) -> np.ndarray:
        symbols = _given(symbols)
        self._rans.put_table(tables(logits), symbols)
        return symbols

    def finish(self) -> bytes:
        """The stream of everything coded so far."""
        lanes = self._lanes or lanes_for(self._rans.approximate_bits / 8)
        return bytes([lanes]) + self._rans.finish(lanes)


class RansDecoder:
    """Reads the symbols that a ``RansEncoder`` wrote, when it is asked for them with the same logits.

    Raises:
        CorruptStream: the stream is too short, or its lanes or states are invalid; every method may raise it too.
    """

    def __init__(self, data: bytes) -> None:
        if not data or not 1 <= data[0] <= rans.MAX_LANES:
            lanes = data[0] if data else "nothing"
            raise CorruptStream(f"entropy stream: expected 1..{rans.MAX_LANES} lanes, got {lanes}")
        self._rans = rans.RansDecoder(bytes(data[1:]), data[0])

    def binary(self, logits: np.ndarray, symbols: np.ndarray | None = None) -> np.ndarray:
        return self._rans.get_binary(binary_frequencies(logits))

    def tree(self, logits: np.ndarray, certain: np.ndarray, values: np.ndarray | None = None) -> np.ndarray:
        return self._rans.get_tree(logits, certain)

    def categorical(self, logits: np.ndarray, symbols: np.ndarray | None = None) -> np.ndarray:
        return self._rans.get_table(tables(logits))

    def finish(self) -> None:
        """Confirms that everything was read; raises CorruptStream otherwise."""
        self._rans.finish()


def _given(symbols: np.ndarray | None) -> np.ndarray:
    if symbols is None:
        raise ValueError("symbols: expected an array, got None; only a decoder knows the symbols by itself")
    return symbols
