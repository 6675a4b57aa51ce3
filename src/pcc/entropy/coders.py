"""The three coders that a walk may be handed: one counts bits, one writes them, one reads them.

A walk asks a coder for every symbol with the integer logits that predict it, and goes on with the symbols that the
coder returns. So training, encoding and decoding run the same code:

    logits --> binary_frequencies,     --> BitEstimator.bits          symbols in, the same symbols out
               tree_frequencies,       --> RansEncoder.finish()       symbols in, the same symbols out
               tables or mixtures      --> RansDecoder                None in, symbols out of the stream

Trees' logits may go through a calibration of the level (`pcc.entropy.calibration`); the estimator knows none.
A level that no network predicts goes through ``adaptive``, whose probabilities follow the levels coded that way before
(pcc.ops.adaptive_occupancy). But for its contexts the coders hold no model and no order of symbols; the arithmetic is
in pcc.ops. A stream of ``RansEncoder`` is one byte, the number of lanes (1..64), and the rANS stream.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np

from pcc.entropy.calibration import UNCHANGED, best_code, scale_and_shift
from pcc.errors import CorruptStream
from pcc.ops import mixture as mixture_op
from pcc.ops import rans
from pcc.ops.adaptive_occupancy import AdaptiveOccupancy
from pcc.ops.mixture import Bins, Mixture, frequencies_reference
from pcc.ops.tables import TOTAL, binary_frequencies, tables, tree_frequencies

LANE_BYTES = 3  # what a lane wastes: 2 bytes of its start at L, and on average 1 of its last state
MAX_WASTE = 1e-3  # of the stream
MOST_LANES = 32  # more do not decode faster
SAMPLED_NODES = 1 << 15  # from here on a sample of a level says first whether an adaptive model may be worth its time
SAMPLE = 8  # of so many blocks one is looked at
HOPELESS = 1.25  # times the network's bits, by the sample, which costs more a node than the whole

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

    def mixture(self, mixture: Mixture, bins: Bins, numbers: np.ndarray | None) -> np.ndarray:
        """Codes whole numbers under mixtures of logistic distributions.

        Args:
            mixture: of N numbers.
            bins: `pcc.ops.mixture.Bins`.
            numbers: (N,) int32 in 0..2^bits - 1; None where the coder knows them.

        Returns:
            (N,) int32 numbers.
        """
        ...

    def adaptive(self, neighbours: np.ndarray, occupancy: np.ndarray | None) -> np.ndarray:
        """Codes a level of an octree without a network.

        Args:
            neighbours: (N, 27) int32 rows of the level, as `pcc.ops.neighbours` has them.
            occupancy: (N,) uint8, not 0; None where the coder knows them.

        Returns:
            (N,) uint8 occupancies.
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
        self._contexts = AdaptiveOccupancy()

    def binary(self, logits: np.ndarray, symbols: np.ndarray | None) -> np.ndarray:
        symbols = _given(symbols)
        self._count(binary_frequencies(logits), symbols)
        return symbols

    def tree(self, logits: np.ndarray, certain: np.ndarray, values: np.ndarray | None) -> np.ndarray:
        values = _given(values)
        for bit in range(logits.shape[1].bit_length()):
            self._count(tree_frequencies(logits, values, certain, bit), values >> bit & 1)
        return values

    def mixture(self, mixture: Mixture, bins: Bins, numbers: np.ndarray | None) -> np.ndarray:
        numbers = _given(numbers)
        frequencies = frequencies_reference(mixture, bins, numbers)
        for bit in range(bins.bits):
            self._count(frequencies[bit], numbers >> bit & 1)
        return numbers

    def adaptive(self, neighbours: np.ndarray, occupancy: np.ndarray | None) -> np.ndarray:
        occupancy = _given(occupancy)
        self._count(*self._contexts.encode(neighbours, occupancy))
        return occupancy

    def _count(self, p1: np.ndarray, symbols: np.ndarray) -> None:
        self.bits += float(_COST_BITS[np.where(symbols, p1, TOTAL - p1)].sum())

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
        self._contexts = AdaptiveOccupancy()
        self._code = UNCHANGED

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

    def mixture(self, mixture: Mixture, bins: Bins, numbers: np.ndarray | None) -> np.ndarray:
        numbers = _given(numbers)
        mixture_op.encode(self._rans, mixture, bins, numbers)
        return numbers

    def adaptive(self, neighbours: np.ndarray, occupancy: np.ndarray | None) -> np.ndarray:
        occupancy = _given(occupancy)
        self._rans.put_binary(*self._contexts.encode(neighbours, occupancy))
        return occupancy

    def calibrate_since(self, first_call: int) -> int:
        """Finds the calibration that suits the trees since call ``first_call``, and lets them have it: its code."""
        code = best_code(self._rans.histogram(first_call))
        self._rans.settle(first_call, *scale_and_shift(code))
        return code

    def calibrate(self, code: int) -> None:
        """The calibration of the trees to come."""
        self._settle()
        self._code = code

    def _settle(self) -> None:
        self._rans.settle(0, *scale_and_shift(self._code))

    @property
    def num_calls(self) -> int:
        """How often something was coded."""
        return self._rans.num_calls

    def bits_since(self, first_call: int) -> float:
        """About the bits of what was coded since that call."""
        return self._rans.approximate_bits_from(first_call)

    def drop_since(self, first_call: int) -> None:
        """Take back what was coded since that call; contexts keep what they learnt, so nothing more may be coded."""
        self._rans.drop(first_call, self._rans.num_calls)

    def replace(self, first_call: int, neighbours: np.ndarray, occupancy: np.ndarray, tie: float) -> float | None:
        """Codes a level as ``adaptive`` does in place of what was coded since, where that is smaller.

        Args:
            first_call: ``num_calls`` before the level was coded otherwise.
            neighbours, occupancy: as for ``adaptive``.
            tie: times the bits of the calls that it would replace counts as smaller.

        Returns:
            None where it did; otherwise nothing has changed, and it would have cost about so many bits more.
        """
        end, bits = self._rans.num_calls, self._rans.approximate_bits_from(first_call)
        if len(occupancy) >= SAMPLED_NODES:
            estimate = self._contexts.estimate_bits(neighbours, occupancy, SAMPLE)
            if estimate > HOPELESS * bits:
                return estimate - bits
        contexts = self._contexts.copy()
        self._rans.put_binary(*contexts.encode(neighbours, occupancy))
        adaptive_bits = self._rans.approximate_bits_from(end)
        if adaptive_bits > tie * bits:
            self._rans.drop(end, end + 1)
            return adaptive_bits - bits
        self._rans.drop(first_call, end)
        self._contexts = contexts
        return None

    def copy(self) -> RansEncoder:
        """One that goes on from here by itself."""
        other = RansEncoder(self._lanes)
        other._code = self._code
        other._rans, other._contexts = self._rans.copy(), self._contexts.copy()
        return other

    def finish(self) -> bytes:
        """The stream of everything coded so far."""
        self._settle()
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
        self._contexts = AdaptiveOccupancy()

    def binary(self, logits: np.ndarray, symbols: np.ndarray | None = None) -> np.ndarray:
        return self._rans.get_binary(binary_frequencies(logits))

    def tree(self, logits: np.ndarray, certain: np.ndarray, values: np.ndarray | None = None) -> np.ndarray:
        return self._rans.get_tree(logits, certain)

    def calibrate(self, code: int) -> None:
        """The calibration of the trees to come."""
        self._rans.calibrate(*scale_and_shift(code))

    def categorical(self, logits: np.ndarray, symbols: np.ndarray | None = None) -> np.ndarray:
        return self._rans.get_table(tables(logits))

    def mixture(self, mixture: Mixture, bins: Bins, numbers: np.ndarray | None = None) -> np.ndarray:
        return mixture_op.decode(self._rans, mixture, bins)

    def adaptive(self, neighbours: np.ndarray, occupancy: np.ndarray | None = None) -> np.ndarray:
        return self._contexts.decode(self._rans, neighbours)

    def finish(self) -> None:
        """Confirms that everything was read; raises CorruptStream otherwise."""
        self._rans.finish()


def _given(symbols: np.ndarray | None) -> np.ndarray:
    if symbols is None:
        raise ValueError("symbols: expected an array, got None; only a decoder knows the symbols by itself")
    return symbols
