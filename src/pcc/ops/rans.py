"""Interleaved rANS: (frequency, symbol) sequences to bytes and back.

Several independent states ("lanes") share one sequence of words, so that a vector unit or a warp can advance them
together. It is a coder only: where the frequencies come from is pcc.ops.tables, and which symbols are coded is the
caller's walk. Nothing in the bytes says how many lanes or symbols there are; the caller knows.

Arithmetic. ``M = 2^14``; a symbol has a start c and a frequency f >= 1, and the intervals [c, c + f) of a
distribution tile [0, M). For a binary symbol with frequency p1: symbol 0 is (c, f) = (0, M - p1), symbol 1 is
(M - p1, p1). A state x is in [L, 2^32) between symbols, L = 2^16. A word has 16 bits.

    decode   s = x mod M; the symbol is the one with c <= s < c + f
             x = f * (x div M) + s - c;  if x < L: x = x * 2^16 + next word
    encode   if x >= f * 2^18: write word x mod 2^16; x = x div 2^16
             x = (x div f) * M + (x mod f) + c

Order. Symbols come in calls; symbol i of a call belongs to lane i mod lanes, so every call starts at lane 0. The
decoder takes the symbols in order, and a state that falls below L reads the next word at once; hence the words of a
group of ``lanes`` symbols lie in lane order. The encoder starts with every state at L, takes all symbols of all calls
in the reverse order, and its words, reversed, are the stream; its last states are the decoder's first.

Bytes. ``lanes`` states, lane 0 first, each 4 bytes little-endian; then the words, each 2 bytes little-endian, in the
order in which they are read. A stream is valid only if every first state is at least L, all words are read, no more
are needed, and every state ends at L. A lane costs about 3 bytes more than the information it carries.
"""

from __future__ import annotations

import numpy as np

from pcc import _ext
from pcc.errors import CorruptStream
from pcc.ops._arrays import Array, check, empty
from pcc.ops.tables import LOGIT_LIMIT, MAX_SYMBOLS, TOTAL

STATE_LOW = 1 << 16
MAX_LANES = 64
HISTOGRAM_BINS = 2 * LOGIT_LIMIT // 16 + 1


class RansEncoder:
    """Collects symbols with their frequencies and writes the stream of all of them.

    Args:
        lanes: number of interleaved states, 1..64; ``finish`` may be given another one.
    """

    def __init__(self, lanes: int = 1) -> None:
        self.lanes = _checked_lanes(lanes)
        self._impl = _ext.RansEncoder()

    def copy(self) -> RansEncoder:
        """One of its own with the same calls."""
        other = RansEncoder(self.lanes)
        other._impl = self._impl.copy()
        return other

    @property
    def approximate_bits(self) -> float:
        """About the size of the symbols put so far, in bits: within 0.01 a symbol, the same on every machine."""
        return self.approximate_bits_from(0)

    def approximate_bits_from(self, call: int) -> float:
        """``approximate_bits`` of the calls from number ``call`` on."""
        return float(self._impl.approximate_bits(call))

    @property
    def num_calls(self) -> int:
        """Calls put so far; the next one has this number."""
        return int(self._impl.num_calls())

    def histogram(self, call: int) -> Array:
        """Logits of the trees' decisions since call number ``call`` that are not settled yet, certain ones excepted.

        Returns:
            (2, 449) uint32 counts by symbol and logit; bin b holds the logits nearest to 16 b - 3584.
        """
        counts = np.zeros((2, HISTOGRAM_BINS), np.uint32)
        self._impl.histogram(call, counts)
        return counts

    def settle(self, call: int, scale: int = 16, shift: int = 0) -> None:
        """Gives these decisions the frequencies of `pcc.ops.tables.calibrated` logits.

        What is not settled when a size or the stream is asked for gets the frequencies of its own logits.

        Raises:
            ValueError: scale is not in 1..64, or shift not in -3584..3584.
        """
        self._impl.settle(call, scale, shift)

    def drop(self, begin: int, end: int) -> None:
        """Takes back the calls ``begin`` to ``end - 1``."""
        self._impl.drop(begin, end)

    def put_binary(self, p1: Array, symbols: Array) -> None:
        """One call of binary symbols.

        Args:
            p1: (N,) uint16 in 1..16383, frequency of symbol 1 out of 16384.
            symbols: (N,) uint8, 0 or 1.

        Raises:
            TypeError, ValueError: an argument does not fit; nothing was put.
        """
        p1 = check(p1, "p1", "uint16", (None,))
        self._impl.put_binary(p1, check(symbols, "symbols", "uint8", (len(p1),)))

    def put_tree(self, logits: Array, certain: Array, values: Array) -> None:
        """The G bits of every value, bit 0 of all values first; frequencies as `pcc.ops.tables.tree_frequencies`.

        Args:
            logits: (N, 2^G - 1) int16, G in 1..8.
            certain: (N,) uint8, or (0,): nowhere.
            values: (N,) uint8 below 2^G.

        Raises:
            TypeError, ValueError: an argument does not fit; nothing was put.
        """
        logits = check(logits, "logits", "int16", (None, None))
        certain = check(certain, "certain", "uint8", (None,))
        self._impl.put_tree(logits, certain, check(values, "values", "uint8", (logits.shape[0],)))

    def put_table(self, cdf: Array, symbols: Array) -> None:
        """One call of symbols of an alphabet of K.

        Args:
            cdf: (N, K + 1) uint16, each row strictly increasing from 0 to 16384, 1 <= K <= 4096.
            symbols: (N,) uint16 below K.

        Raises:
            TypeError, ValueError: an argument does not fit; nothing was put.
        """
        cdf = _checked_cdf(cdf)
        self._impl.put_table(cdf, check(symbols, "symbols", "uint16", (len(cdf),)))

    def finish(self, lanes: int | None = None) -> bytes:
        """The stream of all symbols put so far; it may be asked for again."""
        return self._impl.finish(self.lanes if lanes is None else _checked_lanes(lanes))


class RansDecoder:
    """Reads the symbols of a stream, given the same calls with the same frequencies.

    Args:
        data: the whole stream.
        lanes: the encoder's number of lanes.

    Raises:
        CorruptStream: the states are missing or invalid, or half a word is at the end.
    """

    def __init__(self, data: bytes, lanes: int = 1) -> None:
        self.lanes = _checked_lanes(lanes)
        try:
            self._impl = _ext.RansDecoder(bytes(data), lanes)
        except _ext.CorruptStream as error:
            raise CorruptStream(str(error)) from None

    def get_binary(self, p1: Array) -> Array:
        """The (N,) uint8 symbols of one call; ``p1`` as in ``RansEncoder.put_binary``.

        Raises:
            CorruptStream: the stream ended too early, in this call or before.
            TypeError, ValueError: p1 does not fit.
        """
        p1 = check(p1, "p1", "uint16", (None,))
        symbols = empty(p1, (len(p1),), np.uint8)
        try:
            self._impl.get_binary(p1, symbols)
        except _ext.CorruptStream as error:
            raise CorruptStream(str(error)) from None
        return symbols

    def get_tree(self, logits: Array, certain: Array) -> Array:
        """The (N,) uint8 values of one call; arguments as in ``RansEncoder.put_tree``, raises as ``get_binary``."""
        logits = check(logits, "logits", "int16", (None, None))
        values = empty(logits, (logits.shape[0],), np.uint8)
        try:
            self._impl.get_tree(logits, check(certain, "certain", "uint8", (None,)), values)
        except _ext.CorruptStream as error:
            raise CorruptStream(str(error)) from None
        return values

    def calibrate(self, scale: int = 16, shift: int = 0) -> None:
        """From here on trees are read with the frequencies of `pcc.ops.tables.calibrated` logits; see `settle`."""
        self._impl.calibrate(scale, shift)

    def get_table(self, cdf: Array) -> Array:
        """The (N,) uint16 symbols of one call; ``cdf`` as in ``RansEncoder.put_table``. Raises as ``get_binary``."""
        cdf = _checked_cdf(cdf)
        symbols = empty(cdf, (len(cdf),), np.uint16)
        try:
            self._impl.get_table(cdf, symbols)
        except _ext.CorruptStream as error:
            raise CorruptStream(str(error)) from None
        return symbols

    def finish(self) -> None:
        """Confirms that the stream ends here.

        Raises:
            CorruptStream: words are left over, or a state is not back at L: something was damaged or misread.
        """
        try:
            self._impl.finish()
        except _ext.CorruptStream as error:
            raise CorruptStream(str(error)) from None


def _checked_lanes(lanes: int) -> int:
    if not 1 <= lanes <= MAX_LANES:
        raise ValueError(f"lanes: expected 1..{MAX_LANES}, got {lanes}")
    return lanes


def _checked_cdf(cdf: Array) -> Array:
    cdf = check(cdf, "cdf", "uint16", (None, None))
    if not 2 <= cdf.shape[1] <= MAX_SYMBOLS + 1:
        raise ValueError(f"cdf: expected 2..{MAX_SYMBOLS + 1} columns, got {cdf.shape[1]}")
    return cdf


def binary_cdf(p1: np.ndarray) -> np.ndarray:
    """The (N, 3) uint16 table that is the same as N binary frequencies."""
    p1 = np.asarray(p1, np.uint16)
    return np.stack([np.zeros_like(p1), TOTAL - p1, np.full_like(p1, TOTAL)], axis=1)


def reference_encode(calls: list[tuple[np.ndarray, np.ndarray]], lanes: int) -> bytes:
    """The coder of the module's docstring in plain Python; every call is (cdf (N, K + 1), symbols (N,))."""
    states, words = [STATE_LOW] * lanes, []
    for cdf, symbols in reversed(calls):
        for i in reversed(range(len(symbols))):
            start, end = (int(c) for c in cdf[i, symbols[i] : symbols[i] + 2])
            x, frequency = states[i % lanes], end - start
            if x >= frequency << 18:
                words.append(x & 0xFFFF)
                x >>= 16
            states[i % lanes] = (x // frequency) * TOTAL + x % frequency + start
    return np.array(states, "<u4").tobytes() + np.array(words[::-1], "<u2").tobytes()


def reference_decode(data: bytes, cdfs: list[np.ndarray], lanes: int) -> list[np.ndarray]:
    """Inverse of ``reference_encode`` for a valid stream; raises CorruptStream for any other."""
    if len(data) < 4 * lanes or len(data) % 2:
        raise CorruptStream("reference: wrong length")
    states = np.frombuffer(data, "<u4", lanes).tolist()
    words = iter(np.frombuffer(data, "<u2", offset=4 * lanes).tolist())
    if min(states) < STATE_LOW:
        raise CorruptStream("reference: invalid state")
    decoded = []
    for cdf in cdfs:
        symbols = np.zeros(len(cdf), np.uint16)
        for i, row in enumerate(cdf):
            x = states[i % lanes]
            symbols[i] = np.searchsorted(row, x % TOTAL, side="right") - 1
            start, end = (int(c) for c in row[symbols[i] : symbols[i] + 2])
            x = (end - start) * (x // TOTAL) + x % TOTAL - start
            if x < STATE_LOW:
                word = next(words, None)
                if word is None:
                    raise CorruptStream("reference: a word is missing")
                x = x << 16 | word
            states[i % lanes] = x
        decoded.append(symbols)
    if next(words, None) is not None or any(x != STATE_LOW for x in states):
        raise CorruptStream("reference: wrong end")
    return decoded
