"""MMEngine's runner with exact resuming, learning-rate scaling by the real batch, and distribution without a GPU."""

import atexit
import copy
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch.distributed as torch_dist
from mmengine.config import Config
from mmengine.dist import all_gather_object, is_main_process
from mmengine.model import is_model_wrapper
from mmengine.optim import OptimWrapper
from mmengine.runner import Runner
from mmengine.runner.base_loop import BaseLoop
from mmengine.runner.checkpoint import _load_checkpoint, _load_checkpoint_to_model
from torch import cuda, nn
from torch.utils.data import DataLoader

from mmavf.datasets.targets import hold_out_target
from mmavf.errors import CheckpointError, ConfigError
from mmavf.files.atomic_file import disk_faults
from mmavf.files.file_lock import make_folder
from mmavf.protocol.independence import check_independence
from mmavf.protocol.protocol import apply_protocol
from mmavf.registry import RUNNERS
from mmavf.stop_signals import ObeyParent, kill_children, stops

from .allocator import keep_freed_memory
from .config_checks import check_keys
from .config_inputs import check_inputs
from .constant_buffers import constant_buffers
from .formatted_config import FormattedOnce
from .fully_shard import FullyShard, is_fully_shard
from .hooks.load_guard_hook import LoadGuardHook
from .launch import resolve_loaders
from .loops import accumulative_counts
from .resume_policy import ResumePolicy
from .rng import get_rng_state
from .work_dir import claim_on_all_ranks, claimed, repair_records, resume_hint


@RUNNERS.register_module()
class AVFRunner(Runner):
    """Runner of all stages. Configs and checkpoints are MMEngine's.

    On a machine without a GPU `launcher='pytorch'` runs on gloo. `auto_scale_lr` counts accumulation. A checkpoint
    holds the random states of all ranks and what is needed to continue inside an epoch. The work dir belongs to one
    process, or group of ranks, until its training, validation or test ends. A LoadGuardHook is always registered.

    Raises:
        WorkDirError: Another run uses the work dir, or it cannot be written to; on all ranks alike.
    """

    _resume_policy: ResumePolicy | None = None  # while a checkpoint is resumed from

    @classmethod
    def from_cfg(cls, cfg: Config | dict) -> 'AVFRunner':
        """Build from a config, with data sets and validation as its `protocol` says (see `apply_protocol`).

        Loader options may be left to the machine (see `resolve_loaders`).

        Raises:
            ConfigError: See `check_keys`, `check_inputs` and `apply_protocol`; or `load_from` depends on the fold, and
                there is none.
        """
        cfg = copy.deepcopy(cfg)
        check_keys(cfg)
        check_inputs(cfg)
        apply_protocol(cfg, hold_out_target)
        if '{fold}' in (cfg.get('load_from') or ''):
            raise ConfigError(f'load_from={cfg["load_from"]}: which fold? Pass what is held out as --fold.')
        resolve_loaders(cfg)
        make_folder(Path(cfg['work_dir']))
        return super().from_cfg(FormattedOnce.of(cfg) if isinstance(cfg, Config) else cfg)

    def setup_env(self, env_cfg: dict) -> None:
        """Set up processes; without a GPU the process group is gloo's."""
        if self.distributed and not cuda.is_available() and not torch_dist.is_initialized():
            torch_dist.init_process_group(backend='gloo')
        super().setup_env(env_cfg)
        claim_on_all_ranks(Path(self.work_dir))

    def train(self) -> nn.Module:
        """Train as MMEngine does; return the model.

        Raises:
            ConfigError: The config divides the weights among processes, and there is one.
        """
        if not self.distributed and is_fully_shard(self.cfg.get('model_wrapper_cfg')):
            raise ConfigError(
                'FullyShard divides the weights among processes, and this run has one: start it with '
                'tools/dist_train.sh CONFIG PROCESSES, or set model_wrapper_cfg=None.'
            )
        with claimed(Path(self.work_dir)):
            stops.outcome = lambda: resume_hint(Path(self.work_dir))
            if is_main_process():
                repair_records(Path(self.work_dir))
            return super().train()

    def val(self) -> dict[str, float]:
        """Validate as MMEngine does; return the scores."""
        with claimed(Path(self.work_dir)):
            return super().val()

    def test(self) -> dict[str, float]:
        """Test as MMEngine does; return the scores."""
        with claimed(Path(self.work_dir)):
            return super().test()

    @staticmethod
    def build_dataloader(dataloader: DataLoader | dict, *args: Any, **kwargs: Any) -> DataLoader:
        """Build a loader as MMEngine does, with workers that signals to all processes do not end (see `ObeyParent`)."""
        built = Runner.build_dataloader(dataloader, *args, **kwargs)
        if built is not dataloader:
            built.worker_init_fn = ObeyParent(built.worker_init_fn)
            atexit.unregister(kill_children)  # once is enough
            atexit.register(kill_children)
        return built

    def build_model(self, model: nn.Module | dict) -> nn.Module:
        """Build the model; without a GPU, the process keeps the memory that tensors free (see `keep_freed_memory`)."""
        if keep_freed_memory():
            self.logger.info('No GPU: freed memory stays with the process, for speed (glibc mallopt).')
        return super().build_model(model)

    def wrap_model(self, model_wrapper_cfg: dict | None, model: nn.Module) -> nn.Module:
        """Wrap for distribution; without a GPU the wrapper gets no device ids.

        Buffers that no checkpoint holds, such as tables of positions, are the same on all ranks from the beginning:
        they are not broadcast in each step.
        """
        if is_fully_shard(model_wrapper_cfg):
            model_wrapper_cfg = {**(model_wrapper_cfg or {}), 'type': 'mmavf.FullyShard'}  # MMEngine looks at its own
        elif self.distributed and not cuda.is_available():
            model_wrapper_cfg = {'type': 'MMDistributedDataParallel', **(model_wrapper_cfg or {}), 'device_ids': None}
        if self.distributed:
            model._ddp_params_and_buffers_to_ignore = constant_buffers(model)  # type: ignore[assignment]
        return super().wrap_model(model_wrapper_cfg, model)

    def _init_model_weights(self) -> None:
        """Draw the weights as MMEngine does; `FullyShard` has drawn them before it divided them."""
        if not isinstance(self.model, FullyShard):
            super()._init_model_weights()

    def build_train_loop(self, loop: BaseLoop | dict) -> BaseLoop:
        """Build the loop; `by_epoch=True`, as other projects' configs have it, means `ResumableTrainLoop`.

        Raises:
            ConfigError: The config asks for a loop by iterations.
            ListError: Clips or subjects for training are validated or tested on (see `check_independence`).
        """
        if isinstance(loop, dict) and 'by_epoch' in loop:
            loop = dict(loop)
            if not loop.pop('by_epoch'):
                raise ConfigError('Training runs by epochs: set train_cfg.max_epochs and leave out by_epoch.')
            loop['type'] = 'ResumableTrainLoop'
        built = super().build_train_loop(loop)
        if built is not loop and self.protocol is not None:
            held_out = self._val_dataloader, self._test_dataloader
            check_independence(built.dataloader.dataset, held_out, self.protocol['allow_overlap'])
        return built

    def scale_lr(self, optim_wrapper: OptimWrapper, auto_scale_lr: dict | None = None) -> None:
        """Multiply every group's rate by total batch / base batch; the total counts ranks and accumulation."""
        if not auto_scale_lr or not auto_scale_lr.get('enable', False):
            return
        per_rank = self.train_dataloader.batch_size * accumulative_counts(optim_wrapper)
        total, base = per_rank * self.world_size, auto_scale_lr['base_batch_size']
        for group in optim_wrapper.param_groups:
            group['lr'] *= total / base
        self.logger.info(
            f'Total batch {total} = {self.train_dataloader.batch_size} per process × {self.world_size} processes × '
            f'{accumulative_counts(optim_wrapper)} accumulated: learning rate × {total}/{base}.'
        )

    def register_hooks(self, default_hooks: dict | None = None, custom_hooks: list | None = None) -> None:
        """Register the configured hooks, and a LoadGuardHook if it is not among them.

        Raises:
            ConfigError: One does not work with the model's wrapper.
        """
        super().register_hooks(default_hooks, custom_hooks)
        if isinstance(self.model, FullyShard):
            self.model.check_hooks(self.hooks)
        if not any(isinstance(hook, LoadGuardHook) for hook in self.hooks):
            self.register_hook(LoadGuardHook())

    @property
    def overlap(self) -> str | None:
        """Why clips under test may have been trained on, where the run allows it; else None."""
        return next(hook.overlap for hook in self.hooks if isinstance(hook, LoadGuardHook))

    @property
    def protocol(self) -> dict | None:
        """The config's `protocol`; None in stages without labels."""
        return self.cfg.get('protocol')

    @property
    def built_loops(self) -> list[BaseLoop]:
        """The loops that this run has built so far: the one that it runs comes first."""
        loops = (self._train_loop, self._test_loop, self._val_loop)
        return [loop for loop in loops if isinstance(loop, BaseLoop)]

    @property
    def is_training(self) -> bool:
        """Whether the run trains, rather than only validates or tests."""
        return isinstance(self._train_loop, BaseLoop)

    @property
    def bare_model(self) -> nn.Module:
        """The model without the wrapper that distributes it."""
        return self.model.module if is_model_wrapper(self.model) else self.model

    @property
    def is_resuming(self) -> bool:
        """Whether the checkpoint that is being loaded is resumed from."""
        return self._resume_policy is not None

    def save_checkpoint(self, out_dir: str, filename: str, *args, meta: dict | None = None, **kwargs) -> None:
        """Save a checkpoint; call it on all ranks, the main one writes. Arguments are MMEngine's."""
        resume = dict(rng_states=all_gather_object(get_rng_state()), loop=self.train_loop.state_dict())
        with stops.held_back(), disk_faults(Path(out_dir, filename)):
            if not is_main_process():  # which gathers what is divided among the processes
                self.bare_model.state_dict()
                if kwargs.get('save_optimizer', True):
                    self.optim_wrapper.state_dict()
            super().save_checkpoint(out_dir, filename, *args, meta={**(meta or {}), 'resume': resume}, **kwargs)

    def load_checkpoint(
        self, filename: str, map_location: Any = 'cpu', strict: bool = False, revise_keys: Sequence[tuple] = ()
    ) -> dict:
        """Load weights as MMEngine does; those of a checkpoint to resume from must fit the model exactly.

        Hooks see the checkpoint first, with the file's name as `source`: `LoadGuardHook` checks it and logs what fits.

        Raises:
            CheckpointError: The file cannot be read or trusted, or its weights do not fit: not exactly when resuming,
                none of them otherwise.
            ConfigError: The weights come from another protocol: to resume, of another run; otherwise, they may have
                been trained on what this run tests on, and `protocol.allow_overlap` is not set.
        """
        checkpoint = _load_checkpoint(filename, map_location=map_location)
        if self.is_resuming and 'optimizer' in checkpoint:  # which keeps it, while the file, which is mapped, may go
            checkpoint['optimizer'] = copy.deepcopy(checkpoint['optimizer'])
        checkpoint['source'] = str(filename)
        self.call_hook('after_load_checkpoint', checkpoint=checkpoint)
        try:
            _load_checkpoint_to_model(
                self.bare_model, checkpoint, strict or self.is_resuming, 'silent', list(revise_keys)
            )
        except RuntimeError as error:
            raise CheckpointError(f'{filename} does not fit the model: {error}') from error
        if self._resume_policy is not None:
            self._resume_policy.check(checkpoint)
        self._has_loaded = True
        return checkpoint

    def resume(self, filename: str, *args, map_location: Any = 'cpu', **kwargs) -> None:
        """Continue where the checkpoint was written, with its learning rate and weight decay.

        Raises:
            CheckpointError: The file cannot be read or trusted, or holds weights only.
            ConfigError: The run's total batch, lists, number of epochs, parameter groups or averaging differ from the
                checkpoint's.
        """
        self._resume_policy = ResumePolicy(self, filename)
        try:
            with self._resume_policy.explained():
                super().resume(filename, *args, map_location=map_location, **kwargs)
                self._resume_policy.take_over()
        finally:
            self._resume_policy = None
