"""An epoch loop that can be entered inside an epoch."""

import copy
import math
import time
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import torch
from mmengine.dist import barrier, get_rank, get_world_size
from mmengine.runner import EpochBasedTrainLoop, Runner, set_random_seed
from torch.utils.data import DataLoader

from mmavf.engine.rng import set_rng_state
from mmavf.errors import ConfigError
from mmavf.protocol.clip_data import list_hashes
from mmavf.registry import DATA_SAMPLERS, LOOPS
from mmavf.stop_signals import Stopped, agree_on_stop, stops

RUN_AHEAD = 10  # iterations that the host of a rank can be ahead of another's: NonFiniteGuardHook waits for the eighth


NEEDS_KEYED = "Training needs train_dataloader.sampler=dict(type='KeyedSampler'), not {}."


def check_sampler(sampler: Mapping[str, Any]) -> None:
    """Make sure, before it is built, that a sampler can start inside an epoch.

    Raises:
        ConfigError: It cannot.
    """
    kind = sampler.get('type')
    if not hasattr(DATA_SAMPLERS.get(kind) if isinstance(kind, str) else kind, 'start_at'):
        raise ConfigError(NEEDS_KEYED.format(kind))


def accumulative_counts(optim_wrapper: Any) -> int:
    """Batches in one optimizer step, from a wrapper or from its config."""
    if isinstance(optim_wrapper, dict):
        return optim_wrapper.get('accumulative_counts', 1)
    return optim_wrapper._accumulative_counts


@LOOPS.register_module()
class ResumableTrainLoop(EpochBasedTrainLoop):
    """Train by epochs of static length; a resumed run loads no batch that was used before.

    The data loader must use `KeyedSampler`: it gives each epoch a whole number of optimizer steps and starts anywhere.
    The loaders get a generator of their own, seeded by epoch, so that making an iterator draws nothing from the
    training's randomness: the restored state then continues exactly.

    Args:
        runner: The runner.
        dataloader: Data loader, or its config.
        max_epochs: Length of the training.
        **kwargs: Of MMEngine's EpochBasedTrainLoop (`val_begin`, `val_interval`, `dynamic_intervals`).

    Attributes:
        data_sec: Seconds spent waiting for batches so far.
        rng_state: Random state to start from; None draws a fresh one from seed and rank.

    Raises:
        ConfigError: The sampler cannot start inside an epoch; less than one epoch, or less than one batch to a step.
    """

    def __init__(self, runner: Runner, dataloader: DataLoader | dict, max_epochs: int, **kwargs) -> None:
        self.accumulation = accumulative_counts(runner.optim_wrapper)
        counts = {'train_cfg.max_epochs': max_epochs, 'optim_wrapper.accumulative_counts': self.accumulation}
        for name, value in counts.items():
            if value < 1:
                raise ConfigError(f'{name} must be at least 1, not {value}.')
        if isinstance(dataloader, dict):
            dataloader = copy.deepcopy(dataloader)
            check_sampler(dataloader.get('sampler') or {})
            dataloader['sampler'].setdefault('round_to', dataloader['batch_size'] * self.accumulation)
        super().__init__(runner, dataloader, max_epochs, **kwargs)
        self.sampler = self.dataloader.sampler
        if not hasattr(self.sampler, 'start_at'):
            raise ConfigError(NEEDS_KEYED.format(type(self.sampler).__name__))
        self.rng_state: dict | None = None
        self._stop_at: int | None = None
        self.data_sec = 0.0
        runner.logger.info(
            f'An epoch has {len(self.dataloader)} iterations of {self.samples_per_iter} samples; '
            f'{self.sampler.left_over} samples, too few for another step, are left out of each epoch in turn.'
        )

    @property
    def samples_per_iter(self) -> int:
        """Samples that all ranks together use in one iteration."""
        return self.dataloader.batch_size * get_world_size()

    def state_dict(self) -> dict:
        """Return what a resumed run must have in common with this one for its position to mean the same."""
        return dict(
            iters_per_epoch=len(self.dataloader),
            samples_per_iter=self.samples_per_iter,
            accumulation=self.accumulation,
            max_epochs=self.max_epochs,
            lists=list(list_hashes(self.dataloader.dataset).values()),
            order_seed=self.sampler.seed,
        )

    def load_state_dict(self, state: dict) -> None:
        """Take over the order of the samples.

        Raises:
            ConfigError: This run's iterations are not those of the checkpoint: another total batch, other lists, or
                another number of epochs, on which the schedule depends.
        """
        own = self.state_dict()
        for key, what in (
            ('samples_per_iter', 'samples per iteration'),
            ('accumulation', 'batches to an optimizer step'),
            ('iters_per_epoch', 'iterations per epoch'),
            ('max_epochs', 'epochs'),
            ('lists', 'as SHA-256 of its training lists'),
        ):
            if state[key] != own[key]:
                raise ConfigError(
                    f'The checkpoint was written by a run of {state[key]} {what}, this one has {own[key]}: position '
                    'and learning rate would not fit. Keep processes × batch size, accumulation, lists and '
                    'train_cfg.max_epochs as they were, or start from its weights: set load_from, without --resume.'
                )
        self.sampler.seed = state['order_seed']

    def run(self) -> torch.nn.Module:
        """Train, from the beginning or from where the run was resumed.

        The checkpoint of an epoch is written before the epoch is validated. A run resumed from it validates that
        epoch first, so that its score counts for the best checkpoint.
        """
        self.runner.call_hook('before_train')
        if self._iter and self._iter == self._epoch * len(self.dataloader):
            self._seed_loaders()
            self._validate()
        self._set_randomness()
        while self._epoch < self._max_epochs and not self.stop_training:
            self.run_epoch()
            self._validate()
        self.runner.call_hook('after_train')
        return self.runner.model

    def _set_randomness(self) -> None:
        if self.rng_state is None:
            # Ranks share the seed for the weights; from here on each draws its own masks.
            words = np.random.SeedSequence((self.runner.seed, get_rank(), self._iter)).generate_state(1)
            set_random_seed(int(words[0]))
        else:
            set_rng_state(self.rng_state)

    def _validate(self) -> None:
        self._decide_current_val_interval()
        due = self._epoch % self.val_interval == 0 or self._epoch == self._max_epochs
        if self.runner.val_loop is not None and self._epoch >= self.val_begin and due:
            self.runner.val_loop.run()

    def run_epoch(self) -> None:
        """Run what is left of the current epoch."""
        self.runner.call_hook('before_train_epoch')
        self.runner.model.train()
        self._seed_loaders()
        start = self._iter - self._epoch * len(self.dataloader)
        self.sampler.start_at(self._epoch, first=start * self.dataloader.batch_size)
        stops.in_steps = True
        try:
            for idx, data_batch in enumerate(self._timed(iter(self.dataloader)), start=start):
                self.run_iter(idx, data_batch)
                if stops.received is not None:
                    self._stop_in_step()
            self.runner.call_hook('after_train_epoch')
        finally:
            stops.in_steps = False
        stops.check()
        self._epoch += 1

    def _stop_in_step(self) -> None:
        """End a training that received a signal: all ranks after the same optimizer step, with a checkpoint of it.

        Raises:
            Stopped: It is that step, or the training is to be interrupted immediately.
        """
        stops.check()
        if self._stop_at is None:
            ahead = 0 if get_world_size() == 1 else RUN_AHEAD + self.accumulation
            steps = math.ceil((self._iter + ahead) / self.accumulation)
            self._stop_at = agree_on_stop(min(steps * self.accumulation, (self._epoch + 1) * len(self.dataloader)))
        if self._iter != self._stop_at:
            return
        saver = next((hook for hook in self.runner.hooks if hasattr(hook, 'save_before_stop')), None)
        saved = saver.save_before_stop(self.runner) if saver is not None else None
        if saved is None:
            before = stops.outcome
            stops.outcome = lambda: f'Nothing was saved, as a checkpoint takes longer than is left. {before()}'
        else:
            stops.in_steps = False
            stops.outcome = lambda: f'{saved} holds all of the run: continue from it with --resume.'
            barrier()  # else a rank that ends first could have the others killed while the file is written
        raise Stopped

    def _timed(self, batches: Iterator[dict]) -> Iterator[dict]:
        while True:
            start = time.perf_counter()
            batch = next(batches, None)
            self.data_sec += time.perf_counter() - start
            if batch is None:
                return
            yield batch

    def _seed_loaders(self) -> None:
        val_loop = self.runner.val_loop
        for loader in (self.dataloader, *([val_loop.dataloader] if val_loop is not None else [])):
            loader.generator = torch.Generator().manual_seed(self.sampler.seed + self._epoch)
