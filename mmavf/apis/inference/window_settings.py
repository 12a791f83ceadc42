"""The choices that decide about the windows of recordings."""

import json
from dataclasses import dataclass, field
from hashlib import sha256
from math import inf
from pathlib import Path
from typing import Any, Literal

from mmavf.errors import ConfigError
from mmavf.faces.cropper import FaceCropper
from mmavf.files.sha256 import file_sha256

from .followed import Choice
from .model_input import ModelInput
from .recording_windows import Missing, RecordingWindows


def _cascade() -> dict[str, Any]:
    return dict(type='CascadeDetector')


@dataclass(frozen=True, kw_only=True)
class WindowSettings:
    """How windows are made of recordings.

    Attributes:
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

    Raises:
        ConfigError: A value is impossible.

    Examples:
        >>> from mmavf.apis import WindowSettings
        >>> WindowSettings(hop_sec=0.64).missing
        'refuse'
    """

    hop_sec: float = 1.28
    clip_fps: float | str | None = None
    detector: dict[str, Any] | None = field(default_factory=_cascade)
    align_eyes: bool = False
    choose: Choice = 'all'
    min_sec: float = 0.5
    missing: Missing = 'refuse'

    def __post_init__(self) -> None:
        choices: dict[str, Any] = dict(choose=Literal['all', 'largest', 'central'], missing=Missing)
        for name, allowed in choices.items():
            if (value := getattr(self, name)) not in allowed.__args__:
                raise ConfigError(f'{name} must be one of {", ".join(allowed.__args__)}, not {value!r}')
        if not 0 < self.hop_sec < inf:
            raise ConfigError(f'hop_sec must be positive, not {self.hop_sec}')
        if not 0 <= self.min_sec < inf:
            raise ConfigError(f'min_sec must not be negative, not {self.min_sec}')

    def windows(self, model: Any, modalities: tuple[str, ...]) -> RecordingWindows:
        """Return what makes windows for a model of `init_model`.

        Args:
            model: The model.
            modalities: What is looked at, of its modalities.

        Raises:
            ConfigError: The model has no pipeline or, with `missing='marginal'`, no mean tokens; or the detector cannot
                be built.
        """
        if self.missing == 'marginal' and not model.marginals:
            raise ConfigError(
                'the model has no mean tokens, from which it could answer without a modality: publish it with '
                'mmavf publish --marginal LIST'
            )
        cropper = None
        if self.detector is not None:
            cropper = FaceCropper(self.detector, align_eyes=self.align_eyes, min_sec=self.min_sec)
        return RecordingWindows(
            modalities,
            ModelInput.from_model(model, self.clip_fps),
            cropper,
            self.hop_sec,
            self.choose,
            self.missing,
        )

    def record(self, model_input: ModelInput) -> dict[str, Any]:
        """Return the settings as plain values, for results.

        `preprocessing_sha256` is of these, of the detector with the content of its file, and of the test pipeline.
        """
        settings = dict(
            window_sec=model_input.window_sec,
            hop_sec=self.hop_sec,
            clip_fps=model_input.clip_fps,
            detector=None if self.detector is None else self.detector['type'],
            align_eyes=self.align_eyes,
            faces=self.choose,
            min_sec=self.min_sec,
            missing=self.missing,
        )
        files = [value for value in (self.detector or {}).values() if isinstance(value, str) and Path(value).is_file()]
        contents = [file_sha256(file) for file in files]
        described = json.dumps(
            [settings, self.detector, contents, model_input.description], sort_keys=True, default=str
        )
        return settings | dict(preprocessing_sha256=sha256(described.encode()).hexdigest())
