"""Rules by which a training continues from a checkpoint."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from mmengine.hooks import EMAHook
from mmengine.runner import Runner

from mmavf.errors import CheckpointError, ConfigError, MMAVFError
from mmavf.protocol.provenance import check_same_run

from .rates import rates, schedules
from .resume_state import check_state

_WEIGHTS_ONLY = 'To start from its weights set load_from and leave out --resume.'


class ResumePolicy:
    """What a checkpoint must hold for a run to continue from it, and what the run takes over beside MMEngine's state.

    Args:
        runner: The run as configured, before it loads anything.
        filename: The checkpoint.
    """

    def __init__(self, runner: Runner, filename: str) -> None:
        self._runner = runner
        self._filename = filename
        self._configured = self._settings()

    def check(self, checkpoint: dict) -> None:
        """Make sure that a checkpoint whose weights fit holds all of a training's state, of the same protocol.

        Raises:
            KeyError: A part is missing.
            CheckpointError: A part is unusable.
            ConfigError: The run has no place for a part, or another protocol.
        """
        # best_*.pth, or one written with save_optimizer=False, has neither
        for key in ('optimizer', 'param_schedulers') if self._runner.param_schedulers else ('optimizer',):
            if key not in checkpoint:
                raise KeyError(key)
        check_state(checkpoint, self._filename)
        if 'ema_state_dict' in checkpoint and not any(isinstance(hook, EMAHook) for hook in self._runner.hooks):
            raise ConfigError(
                f'{self._filename} was written by a run with EMAHook: its `state_dict` is the average, and the trained '
                'weights are stored beside it. Set the options of the hook again (default_hooks.ema).'
            )
        meta = checkpoint['meta']
        meta.pop('config', None)  # MMEngine would execute it as Python
        self._state: dict[str, Any] = meta['resume']
        check_same_run(meta.get('protocol'), self._runner.protocol)

    def take_over(self) -> None:
        """Give the train loop the checkpoint's position, order of samples and random state.

        Raises:
            ConfigError: The run's iterations are not those of the checkpoint; see `ResumableTrainLoop`.
        """
        loop = self._runner.train_loop
        loop.load_state_dict(self._state['loop'])
        self._warn_of_kept_rates()
        loop.rng_state = self._own_rng_state(self._state['rng_states'])

    @contextmanager
    def explained(self) -> Iterator[None]:
        """Turn what MMEngine and PyTorch raise for an unsuitable checkpoint into errors that say what to do.

        Raises:
            CheckpointError: The checkpoint lacks state, or holds other state than this package writes.
            ConfigError: The run groups its parameters otherwise.
        """
        try:
            yield
        except KeyError as error:
            raise CheckpointError(f'{self._filename} cannot be resumed: it has no {error}. {_WEIGHTS_ONLY}') from error
        except MMAVFError:
            raise
        except (ValueError, TypeError, AttributeError, IndexError, AssertionError) as error:
            if isinstance(error, ValueError) and 'parameter group' in str(error):
                raise ConfigError(
                    f'{self._filename} was written by a run that grouped its parameters otherwise ({error}): keep '
                    'optim_wrapper.paramwise_cfg as it was.'
                ) from error
            raise CheckpointError(
                f'{self._filename} cannot be resumed: its state beside the weights is not as this package writes it '
                f'({type(error).__name__}: {error}). {_WEIGHTS_ONLY}'
            ) from error

    def _settings(self) -> list[str]:
        return rates(self._runner.optim_wrapper) + schedules(self._runner.param_schedulers)

    def _warn_of_kept_rates(self) -> None:
        for ours, theirs in zip(self._configured, self._settings(), strict=False):  # none before the optimizer is built
            if ours != theirs:
                self._runner.logger.warning(
                    f'The config now says {ours}, {self._filename} continues with {theirs}: a resumed run keeps its '
                    'rates and its schedule. For others start from the weights: set load_from and leave out --resume.'
                )
                return

    def _own_rng_state(self, states: list[dict]) -> dict | None:
        runner = self._runner
        if len(states) != runner.world_size:
            runner.logger.warning(
                f'The checkpoint was written by {len(states)} processes, this run has {runner.world_size}: the same '
                'samples come in the same order, but what the model draws (masks) differs from the first run.'
            )
        return states[runner.rank] if runner.rank < len(states) else None
