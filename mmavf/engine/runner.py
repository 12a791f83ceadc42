"""MMEngine's runner with exact resuming, learning-rate scaling by the real batch, and distribution without a GPU."""

import atexit
import copy
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from functools import cached_property
from io import StringIO
from pathlib import Path
from typing import Any

import torch.distributed as torch_dist
from mmengine.config import Config
from mmengine.dist import all_gather_object, broadcast_object_list, is_main_process
from mmengine.hooks import EMAHook
from mmengine.model import is_model_wrapper
from mmengine.optim import OptimWrapper
from mmengine.runner import Runner
from mmengine.runner.base_loop import BaseLoop
from torch import Tensor, cuda, nn
from torch.utils.data import DataLoader

from mmavf.checkpoints.match_report import report_match
from mmavf.datasets.targets import hold_out_target
from mmavf.engine.allocator import keep_freed_memory
from mmavf.engine.config_checks import check_keys
from mmavf.engine.constant_buffers import constant_buffers
from mmavf.engine.launch import resolve_loaders
from mmavf.engine.loops import accumulative_counts
from mmavf.engine.rates import rates, schedules
from mmavf.engine.resume_state import check_state
from mmavf.engine.rng import get_rng_state
from mmavf.engine.stop_signals import ObeyParent, kill_children, stops
from mmavf.engine.work_dir import how_to_go_on, keep, let_go, repair_records
from mmavf.errors import CheckpointError, ConfigError, MMAVFError, WorkDirError
from mmavf.files.atomic_file import disk_faults
from mmavf.files.file_lock import make_folder
from mmavf.protocol.independence import check_independence, data_set_of
from mmavf.protocol.overlap import file_digests
from mmavf.protocol.protocol import apply_protocol
from mmavf.protocol.provenance import check_records, check_same_run, find_leak, labelled_past, training_record
from mmavf.registry import RUNNERS


@RUNNERS.register_module()
class AVFRunner(Runner):
    """Runner of all stages. Configs and checkpoints are MMEngine's.

    On a machine without a GPU `launcher='pytorch'` runs on gloo. `auto_scale_lr` counts accumulation. A checkpoint
    holds the random states of all ranks and what is needed to go on inside an epoch. One process, or group of ranks, at
    a time has the work dir, until its training, validation or test ends.

    Raises:
        WorkDirError: Another run is at work in the work dir, or it cannot be written to; on all ranks alike.
    """

    _resuming = False
    _origin: Sequence[dict] = ()  # labelled past of the weights that the run started from
    overlap: str | None = None  # why what is tested may have been trained on, where that is allowed

    @classmethod
    def from_cfg(cls, cfg: Config | dict) -> 'AVFRunner':
        """Build from a config, with data sets and validation as its `protocol` says (see `apply_protocol`).

        Loader options may be left to the machine (see `resolve_loaders`).

        Raises:
            ConfigError: See `check_keys` and `apply_protocol`; or `load_from` depends on the fold, and there is none.
        """
        cfg = copy.deepcopy(cfg)
        check_keys(cfg)
        apply_protocol(cfg, hold_out_target)
        if '{fold}' in (cfg.get('load_from') or ''):
            raise ConfigError(f'load_from={cfg["load_from"]}: which fold? Say what is held out by --fold.')
        resolve_loaders(cfg)
        make_folder(Path(cfg['work_dir']))
        return super().from_cfg(cfg)

    def setup_env(self, env_cfg: dict) -> None:
        """Set up processes; without a GPU the process group is gloo's."""
        if self.distributed and not cuda.is_available() and not torch_dist.is_initialized():
            torch_dist.init_process_group(backend='gloo')
        super().setup_env(env_cfg)
        self._keep_work_dir()

    def _keep_work_dir(self) -> None:
        """Keep other runs out of the work dir; all ranks fail where the main one does."""
        fault: list[str | None] = [None]
        if is_main_process():
            try:
                keep(Path(self.work_dir))
            except WorkDirError as error:
                fault = [str(error)]
        broadcast_object_list(fault)
        if fault[0] is not None:
            raise WorkDirError(fault[0])

    @contextmanager
    def _work_dir_kept(self) -> Iterator[None]:
        self._keep_work_dir()
        try:
            yield
        finally:
            let_go(Path(self.work_dir))

    def train(self) -> nn.Module:
        """Train as MMEngine does; return the model."""
        with self._work_dir_kept():
            stops.outcome = lambda: how_to_go_on(Path(self.work_dir))
            if is_main_process():
                repair_records(Path(self.work_dir))
            return super().train()

    def val(self) -> dict[str, float]:
        """Validate as MMEngine does; return the scores."""
        with self._work_dir_kept():
            return super().val()

    def test(self) -> dict[str, float]:
        """Test as MMEngine does; return the scores."""
        with self._work_dir_kept():
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
        """Build the model; without a GPU, memory that tensors free is kept from here on (see `keep_freed_memory`)."""
        if keep_freed_memory():
            self.logger.info('No GPU: freed memory stays with the process, for speed (glibc mallopt).')
        return super().build_model(model)

    def wrap_model(self, model_wrapper_cfg: dict | None, model: nn.Module) -> nn.Module:
        """Wrap for distribution; without a GPU the wrapper gets no device ids.

        Buffers that no checkpoint holds, such as tables of positions, are the same on all ranks from the beginning:
        they are not broadcast in each step.
        """
        if self.distributed and not cuda.is_available():
            model_wrapper_cfg = {'type': 'MMDistributedDataParallel', **(model_wrapper_cfg or {}), 'device_ids': None}
        if self.distributed:
            model._ddp_params_and_buffers_to_ignore = constant_buffers(model)
        return super().wrap_model(model_wrapper_cfg, model)

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
        if built is not loop and self._protocol is not None:
            held_out = self._val_dataloader, self._test_dataloader
            check_independence(built.dataloader.dataset, held_out, self._protocol['allow_overlap'])
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

    def save_checkpoint(self, out_dir: str, filename: str, *args, meta: dict | None = None, **kwargs) -> None:
        """Save a checkpoint; call it on all ranks, the main one writes. Arguments are MMEngine's."""
        resume = dict(rng_states=all_gather_object(get_rng_state()), loop=self.train_loop.state_dict())
        meta = {**(meta or {}), 'resume': resume, 'origin': list(self._origin)}
        if self._protocol is not None:
            list_hashes = getattr(self.train_dataloader.dataset, 'list_hashes', {})
            meta['protocol'] = training_record(self.cfg.to_dict(), list_hashes, self._trained_files)
        with stops.held_back(), disk_faults(Path(out_dir, filename)):
            super().save_checkpoint(out_dir, filename, *args, meta=meta, **kwargs)

    @cached_property
    def _trained_files(self) -> Tensor | None:
        dataset = self.train_dataloader.dataset
        return file_digests(dataset.clip_refs()) if hasattr(dataset, 'clip_refs') else None

    def _tested_files(self) -> Tensor:
        if self._test_dataloader is None:
            return file_digests(())
        built = isinstance(self._test_loop, BaseLoop)
        dataset = data_set_of(self._test_loop.dataloader if built else self._test_dataloader)
        if not hasattr(dataset, 'clip_refs'):
            return file_digests(())
        dataset.full_init()
        return file_digests(dataset.clip_refs())

    @property
    def _protocol(self) -> dict | None:
        return self.cfg.get('protocol')

    def load_checkpoint(self, filename: str, map_location: Any = 'cpu', strict: bool = False, **kwargs: Any) -> dict:
        """Load weights as MMEngine does; those of a checkpoint to resume from must fit the model exactly.

        The log says how many weights of each part match, are new or unused; with `log_level='DEBUG'` their names, too.

        Raises:
            CheckpointError: The file cannot be read or trusted, or its weights do not fit: not exactly when resuming,
                none of them otherwise.
            ConfigError: The weights come from another protocol: to resume, of another run; otherwise, they may have
                been trained on what this run tests on, and `protocol.allow_overlap` is not set.
        """
        told = StringIO()  # MMEngine prints every name that does not match; `_check_match` counts them by part
        kwargs.setdefault('revise_keys', [(r'^module\.', '')])  # MMEngine's default takes off modul<any letter> as well
        try:
            with redirect_stdout(told):
                checkpoint = super().load_checkpoint(filename, map_location, strict or self._resuming, **kwargs)
        except CheckpointError:
            raise
        except RuntimeError as error:
            raise CheckpointError(f'{filename} does not fit the model: {error}') from error
        if told.getvalue():
            self.logger.debug(told.getvalue())
        meta = checkpoint['meta']
        check_records(meta, filename)
        if self._resuming:
            self._check_whole(checkpoint, filename)
            meta.pop('config', None)  # MMEngine would execute it as Python
            self._resumed = meta['resume']
            self._origin = meta.get('origin', ())
            check_same_run(meta.get('protocol'), self._protocol)
        else:
            self._origin = labelled_past(meta)
            self._check_leak(filename)
            self._warn_of_unknown_past(filename, checkpoint['state_dict'])
            self._check_match(filename, checkpoint['state_dict'])
        return checkpoint

    def _check_whole(self, checkpoint: dict, filename: str) -> None:
        """Make sure that all of the training's state is there and usable, and that this run has a place for it."""
        for key in ('optimizer', 'param_schedulers') if self.param_schedulers else ('optimizer',):
            if key not in checkpoint:  # best_*.pth, or written with save_optimizer=False
                raise KeyError(key)
        check_state(checkpoint, filename)
        if 'ema_state_dict' in checkpoint and not any(isinstance(hook, EMAHook) for hook in self.hooks):
            raise ConfigError(
                f'{filename} was written by a run with EMAHook: its `state_dict` is the average, and the weights that '
                'were trained stand beside it. Give the options of the hook again (default_hooks.ema).'
            )

    def call_hook(self, fn_name: str, **kwargs: Any) -> None:
        """Call the hooks; before they see weights that a run starts from, a head for other classes is taken out."""
        if fn_name == 'after_load_checkpoint' and not self._resuming:
            self._drop_foreign_head(kwargs['checkpoint'])
        super().call_hook(fn_name, **kwargs)

    def _drop_foreign_head(self, checkpoint: dict) -> None:
        """Take out a head whose outputs stand for other classes, or for the same in another order.

        Raises:
            ConfigError: It is to be tested.
        """
        loops = [loop for loop in (self._train_loop, self._test_loop, self._val_loop) if isinstance(loop, BaseLoop)]
        own = getattr(loops[0].dataloader.dataset, 'metainfo', {}).get('classes') if loops else None
        theirs = (checkpoint['meta'].get('dataset_meta') or {}).get('classes')
        if own is None or theirs is None or list(own) == list(theirs):
            return
        if not isinstance(self._train_loop, BaseLoop):
            raise ConfigError(
                f'The checkpoint tells apart {", ".join(theirs)}, and this run {", ".join(own)}: take the config that '
                'it was trained by, with the classes in the same order.'
            )
        weights = checkpoint['state_dict']
        foreign = [name for name in weights if name.startswith('head.')]
        for name in foreign if len(own) == len(theirs) else ():  # of another size it does not fit anyway
            del weights[name]
            self.logger.info(f'{name} is for other classes ({", ".join(theirs)}): the head starts anew.')

    def _check_leak(self, filename: str) -> None:
        leak = find_leak(self._origin, self.cfg, self._list_hashes(), self._tested_files)
        if leak is None:
            return
        if not self._protocol['allow_overlap']:
            raise ConfigError(
                f'{filename} does not fit this run: {leak}. Take a checkpoint of the same target, fold, lists and '
                'selection, or say --allow-overlap to go on all the same.'
            )
        self.overlap = leak
        self.logger.warning(f'{filename}: {leak}. Overlap is allowed: results are not those of unseen clips.')

    def _warn_of_unknown_past(self, filename: str, weights: dict) -> None:
        has_head = any(name.startswith('head.') for name in weights)
        if self._protocol is not None and has_head and not self._origin:
            self.logger.warning(
                f'{filename} has been trained on labels, as it has a head, but does not say on which. Nothing can tell '
                'whether clips that this run tests on were among them.'
            )

    def _list_hashes(self) -> dict[str, str]:
        """Return the SHA-256 of all lists that are read, by path: in a training those of its test are not, as yet."""
        loops = (self._train_loop, self._val_loop, self._test_loop)
        built = [loop.dataloader.dataset for loop in loops if isinstance(loop, BaseLoop)]
        return {name: value for dataset in built for name, value in getattr(dataset, 'list_hashes', {}).items()}

    def _check_match(self, filename: str, weights: dict) -> None:
        """Log what of the weights fits; a test needs all of them, as nothing trains what is missing."""
        model = self.model.module if is_model_wrapper(self.model) else self.model
        own = {name: tuple(value.shape) for name, value in model.state_dict().items()}
        given = {name: tuple(value.shape) if isinstance(value, Tensor) else None for name, value in weights.items()}
        try:
            lines = report_match(own, given, complete=not isinstance(self._train_loop, BaseLoop))
        except CheckpointError as error:
            raise CheckpointError(f'{filename}: {error}') from error
        self.logger.info('\n  '.join([f'Weights of {filename}', *lines]))

    def resume(self, filename: str, *args, map_location: Any = 'cpu', **kwargs) -> None:
        """Go on where the checkpoint was written, with its learning rate and weight decay.

        Raises:
            CheckpointError: The file cannot be read or trusted, or holds weights only.
            ConfigError: The run's total batch, lists, number of epochs, parameter groups or averaging differ from the
                checkpoint's.
        """
        configured = rates(self.optim_wrapper) + schedules(self.param_schedulers)
        self._resuming = True
        try:
            super().resume(filename, *args, map_location=map_location, **kwargs)
            self.train_loop.load_state_dict(self._resumed['loop'])
            self._warn_of_kept_rates(filename, configured)
        except KeyError as error:
            raise CheckpointError(
                f'{filename} cannot be resumed: it has no {error}. To start from its weights set load_from and leave '
                'out --resume.'
            ) from error
        except MMAVFError:
            raise
        except ValueError as error:
            if 'parameter group' not in str(error):
                raise _unlike_ours(filename, error) from error
            raise ConfigError(
                f'{filename} was written by a run that grouped its parameters otherwise ({error}): keep '
                'optim_wrapper.paramwise_cfg as it was.'
            ) from error
        except (TypeError, AttributeError, IndexError, AssertionError) as error:
            raise _unlike_ours(filename, error) from error
        finally:
            self._resuming = False
        self.train_loop.rng_state = self._own_rng_state(self._resumed['rng_states'])

    def _warn_of_kept_rates(self, filename: str, configured: list[str]) -> None:
        loaded = rates(self.optim_wrapper) + schedules(self.param_schedulers)
        for ours, theirs in zip(configured, loaded, strict=False):  # none before the optimizer is built
            if ours != theirs:
                self.logger.warning(
                    f'The config now says {ours}, {filename} goes on with {theirs}: a resumed run keeps its rates and '
                    'its schedule. For others start from the weights: set load_from and leave out --resume.'
                )
                return

    def _own_rng_state(self, states: list[dict]) -> dict | None:
        if len(states) != self.world_size:
            self.logger.warning(
                f'The checkpoint was written by {len(states)} processes, this run has {self.world_size}: the same '
                'samples come in the same order, but what the model draws (masks) differs from the first run.'
            )
        return states[self.rank] if self.rank < len(states) else None


def _unlike_ours(filename: str, error: Exception) -> CheckpointError:
    return CheckpointError(
        f'{filename} cannot be resumed: what it holds beside the weights is not as this package writes it '
        f'({type(error).__name__}: {error}). To start from its weights set load_from and leave out --resume.'
    )
