"""Time and size of the entropy coder for binary symbols, per instruction set and lanes, beside constriction, torchac.

    python benchmarks/coder.py [--symbols 2000000] [--repeats 5]

Prints nanoseconds a symbol (best of the repeats, one thread) and bytes. constriction's ANS coder is given float
probabilities (a Bernoulli model with a parameter for each symbol), torchac our tables in 16 bits. What is not
installed (extra 'crosscheck') is left out.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np
from rich.console import Console
from rich.table import Table

from pcc import ops
from pcc.ops import rans
from pcc.ops.tables import TOTAL, binary_frequencies, tables


def best_ns(function: Callable[[], object], num_symbols: int, repeats: int) -> float:
    """Nanoseconds a symbol of the fastest of the runs."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return min(times) / num_symbols * 1e9


def ours(p1: np.ndarray, symbols: np.ndarray, lanes: int, repeats: int) -> tuple[float, float, int]:
    """(ns to encode, ns to decode, bytes)."""

    def encode() -> bytes:
        encoder = rans.RansEncoder(lanes)
        encoder.put_binary(p1, symbols)
        return encoder.finish()

    def decode() -> np.ndarray:
        decoder = rans.RansDecoder(data, lanes)
        decoded = decoder.get_binary(p1)
        decoder.finish()
        return decoded

    data = encode()
    if not (decode() == symbols).all():
        raise RuntimeError("the decoded symbols differ")
    return best_ns(encode, len(p1), repeats), best_ns(decode, len(p1), repeats), len(data)


def constriction_ans(p1: np.ndarray, symbols: np.ndarray, repeats: int) -> tuple[float, float, int]:
    """The same for constriction's AnsCoder."""
    import constriction

    model = constriction.stream.model.Bernoulli(perfect=False)
    values, probabilities = symbols.astype(np.int32), (p1 / TOTAL).astype(np.float32)

    def encode() -> np.ndarray:
        coder = constriction.stream.stack.AnsCoder()
        coder.encode_reverse(values, model, probabilities)
        return coder.get_compressed()

    def decode() -> np.ndarray:
        return constriction.stream.stack.AnsCoder(data).decode(model, probabilities)

    data = encode()
    if not (decode() == values).all():
        raise RuntimeError("the decoded symbols differ")
    return best_ns(encode, len(p1), repeats), best_ns(decode, len(p1), repeats), 4 * len(data)


def torchac_coder(p1: np.ndarray, symbols: np.ndarray, repeats: int) -> tuple[float, float, int]:
    """The same for torchac, which compiles itself at its first import."""
    import torch
    import torchac

    cdf = torch.from_numpy((rans.binary_cdf(p1).astype(np.int64) * (65536 // TOTAL)).astype(np.uint16).view(np.int16))
    values = torch.from_numpy(symbols.astype(np.int16))
    data = torchac.encode_int16_normalized_cdf(cdf, values)
    if not (torchac.decode_int16_normalized_cdf(cdf, data) == values).all():
        raise RuntimeError("the decoded symbols differ")
    encode_ns = best_ns(lambda: torchac.encode_int16_normalized_cdf(cdf, values), len(p1), repeats)
    return encode_ns, best_ns(lambda: torchac.decode_int16_normalized_cdf(cdf, data), len(p1), repeats), len(data)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--symbols", type=int, default=2_000_000)
    parser.add_argument("--repeats", type=int, default=5)
    arguments = parser.parse_args()
    ops.set_num_threads(1)
    rng = np.random.default_rng(1)
    logits = rng.normal(0, 900, arguments.symbols).astype(np.int16)
    p1 = binary_frequencies(logits)
    symbols = (rng.integers(0, TOTAL, len(p1)) < p1).astype(np.uint8)
    bits = float(np.log2(TOTAL / np.where(symbols, p1, TOTAL - p1.astype(float))).sum())

    table = Table(title=f"{arguments.symbols} binary symbols of {bits / len(p1):.3f} bits")
    for column in ("coder", "encode ns", "decode ns", "bytes", "excess"):
        table.add_column(column, justify="left" if column == "coder" else "right")

    def row(name: str, encode_ns: float, decode_ns: float, size: int) -> None:
        table.add_row(name, f"{encode_ns:.2f}", f"{decode_ns:.2f}", str(size), f"{800 * size / bits - 100:+.3f} %")

    detected = ops.isa()
    for name in ops.available_isas():
        ops.set_isa(name)
        for lanes in (1, 4, 16, 32, 64):
            row(f"rANS, {name}, {lanes:2} lanes", *ours(p1, symbols, lanes, arguments.repeats))
    ops.set_isa(detected)
    for name, oracle in (("constriction ANS", constriction_ans), ("torchac", torchac_coder)):
        try:
            row(name, *oracle(p1, symbols, arguments.repeats))
        except (ImportError, RuntimeError, OSError) as error:
            table.caption = f"{name}: {error}"
    console = Console()
    console.print(table)
    lookup = best_ns(lambda: binary_frequencies(logits), len(logits), arguments.repeats)
    rows = rng.normal(0, 900, (len(logits) // 16, 16)).astype(np.int16)
    console.print(f"binary_frequencies {lookup:.2f} ns a symbol")
    console.print(f"tables, K = 16: {best_ns(lambda: tables(rows), rows.size, arguments.repeats):.2f} ns a frequency")


if __name__ == "__main__":
    main()
