"""What a model's test pipeline does to a window, apart from opening the clip and choosing its frames."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from mmengine.dataset import Compose
from mmengine.registry import DefaultScope

from mmavf.apis.preprocessing import tested_pipeline
from mmavf.datasets.media import Silence, SoundReader
from mmavf.datasets.media.channels import Channel
from mmavf.datasets.media.frame_times import DEFAULT_FPS
from mmavf.datasets.transforms import SampleSegments, SampleWindow
from mmavf.errors import ConfigError
from mmavf.registry import TRANSFORMS

READING = 'ReadFrames'
BLANK = np.zeros((16, 16, 3), np.uint8)  # passes through the transforms where there is no video
CHOOSING = ('SampleWindow', 'SampleSegments')


@dataclass(frozen=True)
class ModelInput:
    """How frames and sound become the input of a model, from its config's test pipeline.

    Attributes:
        sampler: What chooses the frames of a window.
        clip_fps: Rate in frames per second by which the sampler counts; None: the frames of the source.
        steps: The transforms after the sampler, but for the reading of frames. Those before it open a clip, and a
            recording is open.
        description: The configuration of sampler and transforms, plain values.
        audio_channel: Channel of the sound that is heard, as in `OpenClip`.
    """

    sampler: SampleWindow | SampleSegments
    clip_fps: float | None
    steps: Compose
    description: list[dict[str, Any]]
    audio_channel: Channel = None

    @classmethod
    def from_model(cls, model: Any, clip_fps: float | str | None = None) -> 'ModelInput':
        """Read the test pipeline of a model's config (see `tested_pipeline`).

        Args:
            model: A model of `init_model`.
            clip_fps: Frames per second by which the sampler counts; 'source' counts the frames of the recording; None:
                what the pipeline says, else the rate of the clips that the model was published for, else 25.

        Raises:
            ConfigError: There is no test pipeline, or it has no sampler of this package.
        """
        pipeline = tested_pipeline(model.cfg, model)
        video = (model.card or {}).get('preprocessing', {}).get('video') or {}
        names = [str(step['type']).rsplit('.', 1)[-1] for step in pipeline]
        chosen = [i for i, name in enumerate(names) if name in CHOOSING]
        if len(chosen) != 1:
            raise ConfigError(
                f'the test pipeline must choose frames by one of {", ".join(CHOOSING)}; it has {", ".join(names)}'
            )
        settings = dict(pipeline[chosen[0]])
        if names[chosen[0]] == 'SampleWindow':
            settings['clip_fps'] = _rate(clip_fps, settings.get('clip_fps') or video.get('fps') or DEFAULT_FPS)
        opening = next((step for step, name in zip(pipeline, names, strict=True) if name == 'OpenClip'), {})
        channel = opening.get('audio_channel')
        rest = [step for i, step in enumerate(pipeline) if i > chosen[0] and names[i] != READING]
        with DefaultScope.overwrite_default_scope('mmavf'):
            steps = Compose(rest)
            sampler = TRANSFORMS.build(settings)
        described = [settings, *rest, *([dict(audio_channel=channel)] if channel is not None else [])]
        return cls(sampler, settings.get('clip_fps'), steps, described, channel)

    @property
    def window_sec(self) -> float | None:
        """Length of a window; None where the model sees a part of any length whole, or counts source frames."""
        if isinstance(self.sampler, SampleSegments) or self.clip_fps is None:
            return None
        return self.sampler.clip_len * self.sampler.frame_interval / self.clip_fps

    def pack(
        self,
        name: str,
        index: int,
        window_sec: np.ndarray,
        frames: Sequence[np.ndarray] | None,
        sound: SoundReader | None,
    ) -> dict[str, Any]:
        """Return the `inputs` and `data_samples` of a window.

        Args:
            name: Name of the recording, for messages.
            index: Number of the window.
            window_sec: (2,) start and end of its sound.
            frames: T arrays (H, W, 3) uint8 RGB; None if there is no video.
            sound: The sound; None if there is none.

        Raises:
            ClipError: The sound is damaged.
        """
        results: dict[str, Any] = dict(
            sample_id=f'{name}#{index}', index=index, video_path=name, num_clips=1, window_sec=window_sec[None]
        )
        imgs = [BLANK] * self.sampler.clip_len if frames is None else list(frames)
        shape = imgs[0].shape[:2]
        results.update(imgs=imgs, original_shape=shape, img_shape=shape, modality='RGB', clip_len=len(imgs))
        results.update(frame_inds=np.arange(len(imgs))[None], audio_reader=Silence() if sound is None else sound)
        packed = self.steps(results)
        for modality, there in (('video', frames), ('audio', sound)):
            if there is None:
                packed['inputs'].pop(modality, None)
        return packed


def _rate(asked: float | str | None, default: float) -> float | None:
    if asked == 'source':
        return None
    if asked is None:
        return default
    try:
        rate = float(asked)
    except ValueError as error:
        raise ConfigError(f"clip_fps must be a number of frames per second or 'source', not {asked!r}") from error
    if not 0 < rate <= 1000:
        raise ConfigError(f'clip_fps must be above 0 and at most 1000, not {asked}')
    return rate
