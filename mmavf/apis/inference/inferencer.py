"""Inference on recordings, on MMEngine's BaseInferencer."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config
from mmengine.infer import BaseInferencer
from torch import nn

from mmavf.apis.batch import computes_in_bf16
from mmavf.errors import ConfigError
from mmavf.files.sha256 import file_sha256
from mmavf.models.heads import ClassificationHead, LinearHead
from mmavf.timeline import ModelInfo, Timeline, Window
from mmavf.timeline.timeline import Kind
from mmavf.visualization.timeline_picture import draw_timeline

from .model_input import ModelInput
from .predictor import Scored, as_window, make_timeline, score
from .ready_model import Engine, Precision, engine_for, read_model
from .recording import Recording, open_recording
from .recording_windows import Plan
from .window_settings import WindowSettings

Input = str | Path | Recording


class AVFInferencer(BaseInferencer):
    """A recognizer for recordings of any length: files, arrays, or many of them.

    Probabilities are calibrated where the model folder says how. Faces are found and followed as `mmavf prepare` does,
    windows are resampled by time to the rate at which the model
    was trained, and run in batches. Nothing is read from a checkpoint but tensors and plain data: MMEngine's own
    inferencers run the config that a checkpoint holds.

    Args:
        model: A model of `init_model`, a published folder, or the config that belongs to `checkpoint`.
        checkpoint: Checkpoint file, with a config.
        device: Where the model runs; None: the GPU if there is one, else the CPU; with OpenVINO the CPU.
        precision: 'float32'; 'bfloat16', where the device has units for it, else float32 with a warning; None: as in
            the model's test.
        engine: What computes the forward pass: 'pytorch', or 'openvino', for which `mmavf[openvino]` is installed.
        **settings: How windows are made: the attributes of `WindowSettings`.

    Raises:
        ConfigError: An argument is impossible, the model is not one that predicts, or the engine cannot run it.
        CheckpointError: The weights cannot be read or do not fit.

    Examples:
        >>> from mmavf.apis import AVFInferencer
        >>> infer = AVFInferencer('configs/demo/avfmae_tiny_finetune.py', device='cpu', detector=None)
        >>> timeline = infer('clips/one.mp4')
        >>> [(window.start_sec, round(window.end_sec, 2)) for window in timeline.windows]
        [(0.0, 1.16)]
        >>> timeline.to_dataframe().shape
        (1, 11)
    """

    def __init__(
        self,
        model: nn.Module | Config | str | Path,
        checkpoint: str | Path | None = None,
        device: str | torch.device | None = None,
        precision: Precision | None = None,
        engine: Engine = 'pytorch',
        **settings: Any,
    ) -> None:
        self.model = read_model(model, checkpoint, device, precision, engine)
        self.cfg = self.model.cfg
        self.info = describe_model(self.model, model, checkpoint)
        self._calibration = _card(self.model).get('calibration')
        self._chosen = WindowSettings(**settings)
        self.windows = self._chosen.windows(self.model, self.info.modalities)
        self.pipeline = self.windows.model_input
        self._engine_name = engine
        self.engine = engine_for(self.model, model, engine)

    def __call__(self, inputs: Input | Iterable[Input], *, batch_size: int = 8) -> Timeline | list[Timeline]:
        """Predict on one recording, or on several.

        Args:
            inputs: A path or `Recording`, or an iterable of them.
            batch_size: Windows that run together.

        Returns:
            A timeline, or a list of them for an iterable.

        Raises:
            ClipError: A recording cannot be used; of them MissingModalityError: it lacks what the model needs.
            ConfigError: A `Recording` was made with another channel of its sound than the model hears.
        """
        if isinstance(inputs, str | Path | Recording):
            return self.predict(inputs, batch_size)
        return [self.predict(one, batch_size) for one in inputs]

    def predict(
        self,
        recording: Input,
        batch_size: int = 8,
        progress: Callable[[int, int], None] | None = None,
        each: Callable[[Scored], None] | None = None,
    ) -> Timeline:
        """Return the timeline of one recording; see `__call__`.

        Args:
            recording: A path or `Recording`.
            batch_size: Windows that run together.
            progress: Called with the number of windows done and that of all, as soon as the latter is known.
            each: Called with each window, its input and its scores, as soon as it is done.
        """
        opened, plan = self._begin(recording)
        scored: list[Scored] = []
        if progress is not None:
            progress(0, plan.count)
        for one in self._scored(opened, plan, batch_size):
            scored.append(Scored(one.ready.without_input(), one.scores))
            if each is not None:
                each(one)
            if progress is not None:
                progress(len(scored), plan.count)
        return make_timeline(opened, self.info, plan, scored, self.settings, self._calibration)

    def stream(self, recording: Input, batch_size: int = 8) -> Iterator[Window]:
        """Yield the windows of one recording while it is read, in the order in which they are complete.

        Faces are followed first, over the whole recording.

        Raises:
            ClipError: As in `__call__`.
        """
        opened, plan = self._begin(recording)
        for scored in self._scored(opened, plan, batch_size):
            if scored.ready.plan.in_timeline:
                yield as_window(scored, plan.absent, self._calibration)

    def open(self, path: str | Path) -> Recording:
        """Open a file for this model: its modalities, and the channel of the sound that its pipeline names.

        Raises:
            ClipError: As of `open_recording`.
        """
        return open_recording(path, self.info.modalities, self.pipeline.audio_channel)

    @property
    def settings(self) -> dict[str, Any]:
        """How windows are made, what computes them, and what becomes of the numbers, for the timeline."""
        precision = 'bfloat16' if computes_in_bf16(self.model) else 'float32'
        mean_tokens = (_card(self.model).get('marginals') or {}).get('sha256')
        return self._chosen.record(self.pipeline) | dict(
            engine=self._engine_name,
            precision=precision,
            calibration=self._calibration,
            mean_tokens_sha256=mean_tokens if self._chosen.missing == 'marginal' else None,
        )

    def visualize(
        self, inputs: list[Input], preds: list[Timeline], show: bool = False, out_dir: str | Path = '.'
    ) -> list[Path]:
        """Write the picture of each timeline into a folder, as `NAME.png`; return the paths.

        Args:
            inputs: The recordings.
            preds: Their timelines.
            show: Unused; MMEngine's inferencers have it.
            out_dir: The folder.

        Raises:
            ConfigError: Two recordings would have pictures of one name.
        """
        stems = [Path(timeline.source.path).stem for timeline in preds]
        if len(set(stems)) < len(stems):
            raise ConfigError('two recordings have one name: draw them into folders of their own')
        paths = []
        for one, timeline in zip(inputs, preds, strict=True):
            recording = one if isinstance(one, Recording) else self.open(one)
            paths.append(Path(out_dir) / f'{Path(recording.name).stem}.png')
            draw_timeline(timeline, paths[-1], recording.frames, recording.sound)
        return paths

    def postprocess(
        self, preds: list[Timeline], visualization: list[Path] | None = None, return_datasample: bool = False
    ) -> list[dict[str, Any]]:
        """Return timelines as plain data."""
        return [timeline.to_dict() for timeline in preds]

    def _init_pipeline(self, cfg: Config) -> ModelInput:
        return ModelInput.from_model(self.model)

    def _begin(self, recording: Input) -> tuple[Recording, Plan]:
        opened = recording if isinstance(recording, Recording) else self.open(recording)
        return opened, self.windows.plan(opened)

    def _scored(self, recording: Recording, plan: Plan, batch_size: int) -> Iterator[Scored]:
        for batch in self.windows.batches(recording, plan, batch_size):
            yield from score(self.engine, batch, plan.absent)


def describe_model(
    model: Any, source: nn.Module | Config | str | Path, checkpoint: str | Path | None = None
) -> ModelInfo:
    """Return the description of a recognizer for a timeline.

    Args:
        model: The recognizer.
        source: What it was made of: folder or config.
        checkpoint: The checkpoint of a config.

    Raises:
        ConfigError: It is not a recognizer, or the names of what it predicts are unknown.
    """
    encoders, head = getattr(model, 'encoders', None), getattr(model, 'head', None)
    if encoders is None or not isinstance(head, LinearHead):
        raise ConfigError(
            f'{type(model).__name__} predicts nothing: use the config of a fine-tuning (a pre-training model gives '
            'features: mmavf extract)'
        )
    kind: Kind = 'classification' if isinstance(head, ClassificationHead) else 'regression'
    outputs, meta = head.fc.out_features, model.dataset_meta
    names = tuple(meta.get('classes') or meta.get('dims') or (str(i) for i in range(outputs)))
    if len(names) != outputs:
        raise ConfigError(f'the model has {outputs} outputs, but {len(names)} names: {", ".join(names)}')
    name, sha256 = identity(model, source, checkpoint)
    return ModelInfo(name, kind, names, tuple(encoders), sha256, bool(_card(model).get('calibration')))


def identity(
    model: Any, source: nn.Module | Config | str | Path, checkpoint: str | Path | None = None
) -> tuple[str, str | None]:
    """Return a model's name and the SHA-256 of its weights' file, None if it is unknown; see `describe_model`."""
    if checkpoint is not None:
        return Path(checkpoint).name, file_sha256(checkpoint) if Path(checkpoint).is_file() else None
    name = _name_of(Path(source).resolve()) if isinstance(source, str | Path) else ''
    return name, _card(model).get('weights', {}).get('sha256')


def _name_of(source: Path) -> str:
    return source.name if source.is_dir() else source.stem  # folders may have dots, as in avfmae-1.1


def _card(model: Any) -> dict[str, Any]:
    """Return the card of a published model, of another nothing."""
    return model.card or {}
