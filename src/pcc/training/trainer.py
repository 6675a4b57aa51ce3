"""The training loop: schedule, averaged weights, fake quantisation, validation, checkpoints, curves.

It knows networks and batches by what it is handed: `cost(network, batch)` gives bits, `batches.sample(rng)` gives a
batch. It does not know Hydra, files of data, or what the network codes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from torch.utils.tensorboard import SummaryWriter

from pcc import ops
from pcc.errors import ModelMismatch, RunExists, TrainingDiverged
from pcc.progress import progress
from pcc.training.checkpoint import load_checkpoint, save_checkpoint
from pcc.training.config import TrainConfig
from pcc.training.objectives import Cost


class Batches(Protocol):
    def sample(self, rng: np.random.Generator) -> Any:
        """Draw a batch."""


class Trainer:
    """One run; ``out_dir`` holds checkpoint.pt, curves.csv and TensorBoard's event files."""

    def __init__(
        self,
        network: nn.Module,
        cost: Callable[[nn.Module, Any], Cost],
        batches: Batches,
        validation: Mapping[str, Any],
        config: TrainConfig,
        out_dir: Path,
    ) -> None:
        self.network, self.cost, self.batches = network, cost, batches
        self.validation, self.config, self.out_dir = validation, config, out_dir
        self.average = AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(config.ema_decay), use_buffers=False)
        self.optimiser = torch.optim.Adam(network.parameters(), lr=config.learning_rate, betas=config.betas)
        self.rng = np.random.default_rng(config.seed)
        self.step = 0
        self.loss = float("nan")
        out_dir.mkdir(parents=True, exist_ok=True)
        if config.threads:
            torch.set_num_threads(config.threads)
        ops.set_num_threads(config.threads)

    @property
    def checkpoint_path(self) -> Path:
        return self.out_dir / "checkpoint.pt"

    def run(self) -> nn.Module:
        """Train to the last step and return the network with averaged weights."""
        with (
            SummaryWriter(str(self.out_dir), purge_step=self.step) as writer,
            progress(self.config.steps, "training", self.step) as advance,
        ):
            while self.step < self.config.steps:
                self._train_step()
                self._report(writer)
                advance(self.step, f"training, loss {self.loss:.4f}")
        self.save()
        return self.averaged()

    def _train_step(self) -> None:
        for group in self.optimiser.param_groups:
            group["lr"] = self.config.rate_at(self.step)
        self._quantise(self.network, self.config.quantises(self.step))
        loss = self.cost(self.network, self.batches.sample(self.rng)).bits_per_node
        value = float(loss.detach())
        if not math.isfinite(value):
            raise TrainingDiverged(f"step {self.step}: the loss is {value}; resume with a lower learning rate")
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), self.config.gradient_clip)
        self.optimiser.step()
        self.average.update_parameters(self.network)
        self.step += 1
        self.loss = value if self.loss != self.loss else 0.99 * self.loss + 0.01 * value

    def _report(self, writer: SummaryWriter) -> None:
        config, last = self.config, self.step == self.config.steps
        if self.step % config.log_every == 0 or last:
            writer.add_scalar("loss/train", self.loss, self.step)
            writer.add_scalar("learning_rate", config.rate_at(self.step - 1), self.step)
            self._append_curve("train_bits_per_node", self.loss)
        if self.validation and (self.step % config.validate_every == 0 or last):
            for name, bpp in self.validate().items():
                writer.add_scalar(f"bpp/{name}", bpp, self.step)
                self._append_curve(f"{name}_bpp", bpp)
        if self.step % config.checkpoint_every == 0:
            self.save()

    @torch.no_grad()
    def validate(self) -> dict[str, float]:
        """Bits per point of every validation batch under the averaged weights."""
        network = self.averaged()
        return {name: float(self.cost(network, batch).bpp) for name, batch in self.validation.items()}

    def averaged(self) -> nn.Module:
        """The network with averaged weights, quantised as the step says."""
        network = self.average.module
        self._quantise(network, self.config.quantises(self.step))
        return network

    def save(self) -> None:
        save_checkpoint(
            self.checkpoint_path,
            {
                "step": self.step,
                "loss": self.loss,
                "network": self.network.state_dict(),
                "average": self.average.state_dict(),
                "optimiser": self.optimiser.state_dict(),
                "rng": self.rng.bit_generator.state,
                "config": asdict(self.config),
            },
        )

    def resume(self) -> None:
        """Go on from the checkpoint in ``out_dir``.

        Raises:
            ModelMismatch: there is none, or it belongs to another network.
        """
        state = load_checkpoint(self.checkpoint_path)
        try:
            self.network.load_state_dict(state["network"])
            self.average.load_state_dict(state["average"])
            self.optimiser.load_state_dict(state["optimiser"])
        except (RuntimeError, ValueError, KeyError) as error:
            raise ModelMismatch(f"{self.checkpoint_path}: belongs to another network: {error}") from error
        self.rng.bit_generator.state = state["rng"]
        self.step, self.loss = state["step"], state["loss"]
        self._cut_curves()

    @staticmethod
    def start_anew(out_dir: Path, overwrite: bool) -> None:
        """Make way for a new run in ``out_dir``.

        Raises:
            RunExists: there is one, and ``overwrite`` is not asked for.
        """
        ours = [*out_dir.glob("checkpoint.pt"), *out_dir.glob("curves.csv"), *out_dir.glob("events.*")]
        if ours and not overwrite:
            raise RunExists(f"{out_dir} holds a run: resume=true goes on with it, overwrite=true starts anew")
        for path in ours:
            path.unlink()

    def _append_curve(self, name: str, value: float) -> None:
        path = self.out_dir / "curves.csv"
        header = "" if path.exists() else "step,series,value\n"
        with path.open("a") as file:
            file.write(f"{header}{self.step},{name},{value:.6f}\n")

    def _cut_curves(self) -> None:
        """Forget what an interrupted run wrote after its last checkpoint; it will be written again."""
        path = self.out_dir / "curves.csv"
        if path.exists():
            header, *rows = path.read_text().splitlines(keepends=True)
            path.write_text(header + "".join(row for row in rows if int(row.split(",", 1)[0]) <= self.step))

    @staticmethod
    def _quantise(network: nn.Module, on: bool) -> None:
        network.quantiser.enabled.fill_(on)  # type: ignore[union-attr, operator]
