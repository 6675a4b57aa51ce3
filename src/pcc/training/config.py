"""What a training run is told: plain dataclasses, filled by Hydra or by hand."""

from __future__ import annotations

import math
from dataclasses import dataclass

from pcc.records import check_numbers


@dataclass(frozen=True)
class TrainConfig:
    """The optimisation of one run.

    Attributes:
        steps: optimiser steps in all.
        learning_rate: peak of the schedule (linear warm-up, cosine decay to `final_fraction` of the peak).
        betas: of Adam.
        gradient_clip: largest gradient norm.
        ema_decay: of the averaged weights, which are what is validated and exported.
        quantise_from: fraction of the steps after which fake quantisation is on.
        seed: of the weights and of the batches.
        validate_every, checkpoint_every, log_every: in steps.
        threads: of torch and of our kernels; 0 for all cores.
    """

    steps: int = 20_000
    learning_rate: float = 4e-3
    final_fraction: float = 0.01
    warmup_steps: int = 100
    betas: tuple[float, float] = (0.9, 0.98)
    gradient_clip: float = 2.5
    ema_decay: float = 0.999
    quantise_from: float = 0.6
    seed: int = 0
    validate_every: int = 1000
    checkpoint_every: int = 500
    log_every: int = 20
    threads: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "betas", tuple(self.betas))  # whatever sequence a configuration holds
        check_numbers(self)
        if [isinstance(beta, int | float) and 0 <= beta < 1 for beta in self.betas] != [True, True]:
            raise ValueError(f"betas: expected two numbers of at least 0 and less than 1, got {self.betas}")
        if self.steps < 1 or not 0 <= self.quantise_from <= 1:
            raise ValueError(f"steps, quantise_from: expected >= 1 and 0..1, got {self.steps}, {self.quantise_from}")

    def rate_at(self, step: int) -> float:
        """Learning rate of a step."""
        warm = min(1.0, (step + 1) / max(1, self.warmup_steps))
        cosine = 0.5 + 0.5 * math.cos(math.pi * step / self.steps)
        return self.learning_rate * warm * (self.final_fraction + (1 - self.final_fraction) * cosine)

    def quantises(self, step: int) -> bool:
        return step >= self.quantise_from * self.steps
