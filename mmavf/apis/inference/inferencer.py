"""Inference on recordings, on MMEngine's BaseInferencer."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config
from mmengine.infer import BaseInferencer
from torch import nn

from mmavf.apis.model import init_model
from mmavf.errors import ConfigError
from mmavf.faces.cropper import FaceCropper
from mmavf.models.heads import ClassificationHead, LinearHead
from mmavf.timeline import ModelInfo, Timeline, Window
from mmavf.timeline.timeline import Kind
from mmavf.visualization.timeline_picture import draw_timeline

from .followed import Choice
from .model_input import ModelInput
from .predictor import Missing, Plan, Predictor, Scored, as_window
from .recording import Recording, open_recording

Input = str | Path | Recording
CASCADE = dict(type='CascadeDetector')


class AVFInferencer(BaseInferencer):
    """A recognizer for recordings of any length: files, arrays, or many of them.

    Faces are found and followed as `mmavf prepare` does, windows are resampled by time to the rate at which the model
    was trained, and run in batches. Nothing is read from a checkpoint but tensors and plain data: MMEngine's own
    inferencers run the config that a checkpoint holds.

    Args:
        model: A model of `init_model`, a published folder, or the config that belongs to `checkpoint`.
        checkpoint: Checkpoint file, with a config.
        device: Where the model runs; None: the GPU if there is one, else the CPU.
        hop_sec: Time from one window to the next, in seconds.
        clip_fps: Frames per second at which the model was trained; 'source' counts the frames of the recording, as a
            test does; None: what the model says, else 25.
        detector: Configuration of a face detector; None: recordings are face clips already, and the whole picture is
            used.
        align_eyes: Whether faces are turned so that the eyes are level.
        choose: 'all' faces, or one at each time: the 'largest' or the most 'central'.
        min_sec: Faces seen for a shorter time are left out.
        missing: For a recording that lacks a modality of the model: 'refuse' it, or answer from mean tokens of the
            model folder, 'marginal'.
        show_progress: Whether a bar is drawn.

    Raises:
        ConfigError: An argument is impossible, or the model is not one that predicts.
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
        *,
        hop_sec: float = 1.28,
        clip_fps: float | str | None = None,
        detector: dict[str, Any] | None = CASCADE,
        align_eyes: bool = False,
        choose: Choice = 'all',
        min_sec: float = 0.5,
        missing: Missing = 'refuse',
        show_progress: bool = False,
    ) -> None:
        if not hop_sec > 0 or missing not in ('refuse', 'marginal') or choose not in ('all', 'largest', 'central'):
            raise ConfigError(
                "hop_sec must be positive, missing 'refuse' or 'marginal', choose 'all', 'largest' or 'central'; got "
                f'{hop_sec=}, {missing=}, {choose=}'
            )
        self.model: Any = model if isinstance(model, nn.Module) else init_model(model, checkpoint, device)
        self.cfg = self.model.cfg
        self.info = describe_model(self.model, _name(model, checkpoint))
        self.show_progress = show_progress
        self.pipeline = self._init_pipeline(self.cfg, clip_fps)
        if missing == 'marginal' and not self.model.marginals:
            raise ConfigError(
                'the model has no mean tokens, from which it could answer without a modality: publish it with '
                'mmavf publish --marginal LIST'
            )
        self._hop_sec, self._choose, self._missing = hop_sec, choose, missing
        self._detector = detector
        self._cropper = None if detector is None else FaceCropper(detector, align_eyes=align_eyes, min_sec=min_sec)
        self._faces = dict(align_eyes=align_eyes, min_sec=min_sec, faces=choose)

    def __call__(self, inputs: Input | Iterable[Input], *, batch_size: int = 8) -> Timeline | list[Timeline]:
        """Predict on one recording, or on several.

        Args:
            inputs: A path or `Recording`, or an iterable of them.
            batch_size: Windows that run together.

        Returns:
            A timeline, or a list of them for an iterable.

        Raises:
            ClipError: A recording cannot be used; of them MissingModalityError: it lacks what the model needs.
        """
        if isinstance(inputs, str | Path | Recording):
            return self.predict(inputs, batch_size)
        return [self.predict(one, batch_size) for one in inputs]

    def predict(
        self, recording: Input, batch_size: int = 8, progress: Callable[[int, int], None] | None = None
    ) -> Timeline:
        """Return the timeline of one recording; see `__call__`.

        Args:
            recording: A path or `Recording`.
            batch_size: Windows that run together.
            progress: Called with the number of windows done and that of all, as soon as the latter is known.
        """
        opened, plan, predictor = self._begin(recording, batch_size)
        scored: list[Scored] = []
        if progress is not None:
            progress(0, plan.count)
        for one in predictor.scored(opened, plan):
            scored.append(one)
            if progress is not None:
                progress(len(scored), plan.count)
        return predictor.timeline(opened, plan, scored, self.settings)

    def stream(self, recording: Input, batch_size: int = 8) -> Iterator[Window]:
        """Yield the windows of one recording while it is read, in the order in which they are complete.

        Faces are followed first, over the whole recording.

        Raises:
            ClipError: As in `__call__`.
        """
        opened, plan, predictor = self._begin(recording, batch_size)
        for scored in predictor.scored(opened, plan):
            if scored.ready.plan.in_timeline:
                yield as_window(scored, plan.absent)

    @property
    def settings(self) -> dict[str, Any]:
        """How windows are made, for the timeline."""
        detector = 'none' if self._detector is None else self._detector['type']
        window_sec, clip_fps = self.pipeline.window_sec, self.pipeline.clip_fps
        return dict(
            window_sec=window_sec,
            hop_sec=self._hop_sec,
            clip_fps=clip_fps,
            detector=detector,
            **self._faces,
            missing=self._missing,
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
        """
        paths = []
        for one, timeline in zip(inputs, preds, strict=True):
            recording = one if isinstance(one, Recording) else open_recording(one, self.info.modalities)
            paths.append(Path(out_dir) / f'{Path(recording.name).stem}.png')
            draw_timeline(timeline, paths[-1], recording.frames, recording.sound)
        return paths

    def postprocess(
        self, preds: list[Timeline], visualization: list[Path] | None = None, return_datasample: bool = False
    ) -> list[dict[str, Any]]:
        """Return timelines as plain data."""
        return [timeline.to_dict() for timeline in preds]

    def _init_pipeline(self, cfg: Config, clip_fps: float | str | None = None) -> ModelInput:
        video = (self.model.card or {}).get('preprocessing', {}).get('video') or {}
        return ModelInput.from_cfg(cfg, clip_fps, video.get('fps'))

    def _begin(self, recording: Input, batch_size: int) -> tuple[Recording, Plan, Predictor]:
        if batch_size < 1:
            raise ConfigError(f'batch_size must be at least 1, not {batch_size}')
        opened = recording if isinstance(recording, Recording) else open_recording(recording, self.info.modalities)
        predictor = Predictor(
            self.model,
            self.info,
            self.pipeline,
            self._cropper,
            self._hop_sec,
            self._choose,
            self._missing,
            batch_size,
        )
        return opened, predictor.plan(opened), predictor


def describe_model(model: Any, name: str) -> ModelInfo:
    """Return the description of a recognizer for a timeline.

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
    card = model.card or {}
    sha256 = card.get('weights', {}).get('sha256')
    return ModelInfo(name, kind, names, tuple(encoders), sha256, card.get('calibration') is not None)


def _name(model: nn.Module | Config | str | Path, checkpoint: str | Path | None) -> str:
    if checkpoint is not None:
        return Path(checkpoint).name
    return Path(model).resolve().stem if isinstance(model, str | Path) else ''
