"""Features of recordings: what a model makes of each window."""

import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from mmengine.config import Config
from mmengine.dataset import default_collate
from safetensors.numpy import save
from torch import nn

from mmavf.apis.batch import computes_in_bf16, encode_batch, run_batch
from mmavf.errors import ConfigError
from mmavf.files.atomic_file import replacing, write_atomically
from mmavf.version import __version__

from .inferencer import identity
from .layer_choice import LayerChoice, mean_over_views
from .ready_model import Precision, engine_for, read_model
from .recording import Recording, open_recording
from .window_reader import ReadyWindow
from .window_settings import WindowSettings

SCHEMA = 'mmavf.features/1'


class WindowFeatures(NamedTuple):
    """Features of the W windows of one or several recordings.

    Examples:
        >>> from mmavf.apis import FeatureExtractor
        >>> config = 'configs/demo/avfmae_tiny_finetune.py'
        >>> found = FeatureExtractor(config, device='cpu', detector=None)('clips/one.mp4')
        >>> found.track, found.start_sec, found.meta['recordings']
        (array([1]), array([0.]), ['clips/one.mp4'])

    Attributes:
        values: Float32 (W, ...), with the axes `meta['axes']`.
        recording: (W,) int64, index into `meta['recordings']`.
        track: (W,) int64, number of the face from 1 in order of appearance; 0 for the sound alone.
        start_sec: (W,) float64, start of each window in seconds of the recording's clock.
        end_sec: (W,) float64, its end.
        meta: Plain data: axes and units, the names of the recordings, the model and its hash, the layer, the settings
            of windows and the hash of the preprocessing.
    """

    values: np.ndarray
    recording: np.ndarray
    track: np.ndarray
    start_sec: np.ndarray
    end_sec: np.ndarray
    meta: dict[str, Any]


class FeatureExtractor:
    """Extracts features of recordings of any length; of recognizers, and of pre-training models, too.

    Args:
        model: A model of `init_model`, a published folder, or the config that belongs to `checkpoint`.
        checkpoint: Checkpoint file, with a config.
        device: Where the model runs; None: the GPU if there is one, else the CPU.
        choice: What is extracted; None: the pooled tokens of the model's first modality.
        precision: As in `AVFInferencer`.
        **settings: How windows are made: the attributes of `WindowSettings`.

    Raises:
        ConfigError: The model has no such layer, or a setting is impossible.
        CheckpointError: The weights cannot be read or do not fit.

    Examples:
        >>> from mmavf.apis import FeatureExtractor, LayerChoice
        >>> choice = LayerChoice('video', tokens='regions')
        >>> config = 'configs/demo/avfmae_tiny_pretrain.py'
        >>> extract = FeatureExtractor(config, device='cpu', choice=choice, detector=None)
        >>> found = extract(['clips/one.mp4', 'clips/two.mp4'])
        >>> found.values.shape, found.meta['axes']
        ((2, 8, 80), ['window', 'region', 'channel'])
    """

    def __init__(
        self,
        model: nn.Module | Config | str | Path,
        checkpoint: str | Path | None = None,
        device: str | torch.device | None = None,
        choice: LayerChoice | None = None,
        precision: Precision | None = None,
        **settings: Any,
    ) -> None:
        self.model = read_model(model, checkpoint, device, precision)
        encoders = list(getattr(self.model, 'encoders', ()))
        if not encoders:
            raise ConfigError(f'{type(self.model).__name__} has no encoders of which features could be extracted')
        self.choice = choice or LayerChoice(encoders[0])
        self.choice.prepare(self.model)
        self._settings = WindowSettings(**settings)
        self._windows = self._settings.windows(self.model, self._looks_at())
        self._name, self._sha256 = identity(self.model, model, checkpoint)
        engine_for(self.model, model)

    def __call__(
        self, recordings: Recording | str | Path | Iterable[Recording | str | Path], batch_size: int = 8
    ) -> WindowFeatures:
        """Return the features of all windows of one recording, or of several.

        Args:
            recordings: A path or `Recording`, or an iterable of them.
            batch_size: Windows that run together.

        Raises:
            ClipError: A recording cannot be used; of them MissingModalityError: it lacks what the model needs.
            ConfigError: A `Recording` was made with another channel of its sound than the model hears.
        """
        if isinstance(recordings, str | Path | Recording):
            return self.extract(recordings, batch_size)
        return join_features([self.extract(one, batch_size) for one in recordings])

    def extract(
        self,
        recording: Recording | str | Path,
        batch_size: int = 8,
        progress: Callable[[int, int], None] | None = None,
    ) -> WindowFeatures:
        """Return the features of one recording; see `__call__`.

        Args:
            recording: A path or `Recording`.
            batch_size: Windows that run together.
            progress: Called with the number of windows done and that of all.
        """
        looked_at, channel = self._windows.modalities, self._windows.model_input.audio_channel
        opened = recording if isinstance(recording, Recording) else open_recording(recording, looked_at, channel)
        plan = self._windows.plan(opened)
        rows: list[tuple[ReadyWindow, np.ndarray]] = []
        for batch in self._windows.batches(opened, plan, batch_size):
            rows += zip((window.without_input() for window in batch), self._run(batch, plan.absent), strict=True)
            if progress is not None:
                progress(len(rows), plan.count)
        return self._gather([row for row in rows if row[0].plan.in_timeline], opened.name, plan.absent)

    def _looks_at(self) -> tuple[str, ...]:
        return tuple(self.model.encoders) if self.choice.modality == 'fused' else (self.choice.modality,)

    def _run(self, batch: list[ReadyWindow], absent: tuple[str, ...]) -> np.ndarray:
        collated = default_collate([window.packed for window in batch])
        if self.choice.modality == 'fused':
            given = {modality: self.model.marginals[modality] for modality in absent}
            options: dict[str, Any] = dict(given=given) if given else {}
            values = run_batch(self.model, collated, mode='tensor', **options).feature.float()
        else:
            encoded = encode_batch(self.model, collated, (self.choice.modality,))
            values = self.choice.take(self.model, encoded[self.choice.modality])
        return mean_over_views(values, len(batch)).cpu().numpy()

    def _gather(self, rows: list[tuple[ReadyWindow, np.ndarray]], name: str, absent: tuple[str, ...]) -> WindowFeatures:
        rows.sort(key=lambda row: (row[0].track or 0, *row[0].plan.window_sec))
        start_sec, end_sec = np.array([ready.plan.window_sec for ready, _ in rows]).T  # (W, 2) -> two (W,)
        tracks = np.array([ready.track or 0 for ready, _ in rows], np.int64)
        values = np.stack([row for _, row in rows])
        return WindowFeatures(
            values, np.zeros(len(rows), np.int64), tracks, start_sec, end_sec, self._meta(name, absent)
        )

    def _meta(self, name: str, absent: tuple[str, ...]) -> dict[str, Any]:
        model_input = self._windows.model_input
        settings = self._settings.record(model_input)
        preprocessing = settings.pop('preprocessing_sha256')
        return dict(
            schema=SCHEMA,
            mmavf=__version__,
            axes=list(self.choice.axes(self.model)),
            units=dict(start_sec='seconds', end_sec='seconds', values='none'),
            recordings=[name],
            missing=[list(absent)],
            model=dict(name=self._name, type=type(self.model).__name__, sha256=self._sha256),
            modality=self.choice.modality,
            tokens=self.choice.tokens,
            layer=self.choice.layer,
            precision='bfloat16' if computes_in_bf16(self.model) else 'float32',
            settings=settings,
            preprocessing_sha256=preprocessing,
        )


def join_features(parts: Sequence[WindowFeatures]) -> WindowFeatures:
    """Return the features of several recordings as one.

    Args:
        parts: At least one, all of one extractor.
    """
    if not parts:
        raise ConfigError('there are no recordings to extract features of')
    recordings = [name for part in parts for name in part.meta['recordings']]
    missing = [absent for part in parts for absent in part.meta['missing']]
    first = np.cumsum([0] + [len(part.meta['recordings']) for part in parts])
    index = np.concatenate([part.recording + shift for part, shift in zip(parts, first, strict=False)])
    joined = {name: np.concatenate([getattr(part, name) for part in parts]) for name in WindowFeatures._fields[:-1]}
    return WindowFeatures(
        **(joined | dict(recording=index)), meta=parts[0].meta | dict(recordings=recordings, missing=missing)
    )


def save_window_features(found: WindowFeatures, path: Path) -> None:
    """Write features to a file that needs no trust to be read, by its suffix.

    `.npz`: the arrays by their names, and `meta` as a JSON text. `.safetensors`: the same as tensors, `meta` in the
    file's metadata.

    Raises:
        ConfigError: The suffix is another one.
        OSError: It cannot be written.

    Examples:
        >>> from pathlib import Path
        >>> import numpy as np
        >>> from mmavf.apis import FeatureExtractor, save_window_features
        >>> config = 'configs/demo/avfmae_tiny_finetune.py'
        >>> found = FeatureExtractor(config, device='cpu', detector=None)('clips/one.mp4')
        >>> save_window_features(found, Path('one.npz'))
        >>> with np.load('one.npz') as saved:
        ...     print(saved['values'].shape)
        (1, 80)
    """
    arrays = {name: value for name, value in found._asdict().items() if name != 'meta'}
    meta = json.dumps(found.meta)
    if path.suffix == '.safetensors':
        write_atomically(path, save(arrays, metadata=dict(meta=meta)))
    elif path.suffix == '.npz':
        with replacing(path) as temporary, open(temporary, 'wb') as file:
            np.savez(file, meta=np.array(meta), **arrays)
    else:
        raise ConfigError(f'{path}: features are written as .npz or .safetensors')
