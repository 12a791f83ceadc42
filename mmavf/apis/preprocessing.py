"""What turns a clip into a model's input: the pipeline of its test, and the same in words and numbers."""

from collections.abc import Mapping, Sequence
from typing import Any

from mmengine.config import Config
from torch import nn

from mmavf.datasets.media import SAMPLE_RATE_HZ
from mmavf.datasets.transforms import LogMel
from mmavf.datasets.transforms.log_mel import SHIFT_MS
from mmavf.errors import ConfigError

_WINDOWS = ('SampleWindow', 'SampleSegments')
_KEPT = ('OpenClip', 'ReadFrames', 'mmaction.Resize', 'mmaction.CenterCrop', 'ResizeCrops', 'ReadAudio', 'LogMel')
_RANDOM = ('RandomGain', 'SpecAugment', 'PerturbMel', 'mmaction.Flip', 'RandAugment', 'mmaction.RandomErasing')


def tested_pipeline(cfg: Config, model: nn.Module) -> list[dict[str, Any]]:
    """Return the transforms that a model's clips pass in a test.

    A config of a pre-training has no test. Then those of its training stand for them: windows are taken from the
    middle, frames are resized as a whole instead of cropped at random, and what is random is left out.

    Args:
        cfg: Config of the model.
        model: The model, which says how large its frames are.

    Raises:
        ConfigError: There is no pipeline, that of the test is random, or that of a training has a step that is not of
            this package.
    """
    for loader in ('test_dataloader', 'val_dataloader', 'train_dataloader'):
        dataset = (cfg.get(loader) or {}).get('dataset') or {}
        while inner := dataset.get('dataset') or dataset.get('datasets'):  # repeated or joined; parts are read alike
            dataset = inner[0] if isinstance(inner, list | tuple) else inner
        if steps := dataset.get('pipeline'):
            steps = Config(dict(steps=steps)).to_dict()['steps']
            return _without_chance(steps, model) if loader == 'train_dataloader' else _checked(steps, loader)
    raise ConfigError(
        f'{cfg.filename or "the config"} has no pipeline: use the config that the model was trained with.'
    )


def describe_preprocessing(
    pipeline: Sequence[Mapping[str, Any]], model: nn.Module, fps: float | None, face_crop: Mapping[str, Any] | None
) -> dict[str, Any]:
    """Return what goes into a model as plain values; null where it is not known.

    Args:
        pipeline: Transforms of a test.
        model: The model.
        fps: Frames per second of the clips that the model was trained on, which `frame_interval` counts.
        face_crop: How faces were cropped, as `mmavf prepare` writes it down.

    Returns:
        `modalities`; `video` (frames, their interval, rate and time span, size in pixels, `mean` and `std` of pixels in
        [0, 1]) and `audio` (sample rate, log-mel), null for a modality that the model does not have; `face_crop`; and
        `pipeline`, the transforms themselves.
    """
    encoders: Any = getattr(model, 'encoders', {})
    return dict(
        modalities=list(encoders.keys()),
        video=_video(pipeline, model, fps) if 'video' in encoders else None,
        audio=_audio(pipeline) if 'audio' in encoders else None,
        face_crop=None if face_crop is None else dict(face_crop),
        pipeline=[dict(step) for step in pipeline],
    )


def _video(pipeline: Sequence[Mapping[str, Any]], model: Any, fps: float | None) -> dict[str, Any]:
    window = _step(pipeline, *_WINDOWS)
    interval = window.get('frame_interval') if window.get('type') == 'SampleWindow' else None
    fps = window.get('clip_fps') or fps
    frames, rows, columns = model.encoders['video'].input_size
    mean, std = getattr(model.data_preprocessor, 'normalization', {}).get('video', (None, None))
    return dict(
        frames=frames,
        frame_interval=interval,  # null: spread over the whole clip
        fps=fps,
        window_sec=frames * interval / fps if fps and interval else None,
        windows=window.get('num_clips', 1),
        size=[rows, columns],
        mean=mean,
        std=std,
    )


def _audio(pipeline: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    options = {key: value for key, value in _step(pipeline, 'LogMel').items() if key != 'type'}
    mel = LogMel(**options)
    return dict(
        sample_rate_hz=SAMPLE_RATE_HZ,
        mel_bins=mel.num_bins,
        mel_frames=mel.num_frames,
        frame_ms=mel.frame_ms,
        shift_ms=SHIFT_MS,
        mean=mel.mean,
        std=mel.std,
        padding=mel.padding,
    )


def _step(pipeline: Sequence[Mapping[str, Any]], *names: str) -> Mapping[str, Any]:
    return next((step for step in pipeline if step.get('type') in names), {})


def _checked(steps: list[dict[str, Any]], loader: str) -> list[dict[str, Any]]:
    chance = [step['type'] for step in steps if step['type'] in (*_RANDOM, 'PerView')]
    chance += [step['type'] for step in steps if step['type'] in _WINDOWS and not step.get('test_mode')]
    if chance:
        raise ConfigError(
            f'the pipeline of {loader} has {", ".join(chance)} as a training has it, so that no two predictions would '
            'be the same: pass a config whose test is not random, --config CONFIG.'
        )
    return steps


def _without_chance(steps: Sequence[Mapping[str, Any]], model: Any) -> list[dict[str, Any]]:
    fixed = []
    for step in steps:
        kind = step['type']
        if kind in _WINDOWS:
            fixed.append({**step, 'test_mode': True} | ({'num_clips': 1} if kind == 'SampleWindow' else {}))
        elif kind == 'PerView':
            fixed.append(dict(type='ResizeCrops', size=model.encoders['video'].input_size[1], num_crops=1))
        elif kind in _KEPT or kind == 'PackAVInputs':
            fixed.append(dict(step))
        elif kind not in _RANDOM:
            raise ConfigError(
                f'the training pipeline has the step {kind}, of which nobody knows whether it belongs into a test: '
                'give the config a test_dataloader, whose pipeline is then taken.'
            )
    return fixed
