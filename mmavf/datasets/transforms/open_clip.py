"""Opening of a clip's video and sound."""

import os
from collections.abc import Sequence
from typing import Literal, TypeVar

import numpy as np
import torch
from mmcv.transforms import BaseTransform
from mmengine.logging import MMLogger

from mmavf.errors import ClipError, ConfigError
from mmavf.registry import TRANSFORMS

from ..media import (
    Channel,
    FrameFolder,
    FrameReader,
    MediaFile,
    ShardClip,
    Silence,
    SoundReader,
    check_channel,
    in_shard,
    open_sound,
)
from ..media.frame_times import DEFAULT_FPS, sound_moments

# Limit for sound alone, as its moments are held in memory; no recording is longer.
MAX_CLIP_SEC = 100 * 3600.0

_Reader = TypeVar('_Reader', FrameReader, SoundReader)


@TRANSFORMS.register_module()
class OpenClip(BaseTransform):
    """Open a clip and read its time stamps; nothing is decoded yet.

    Required keys: `video_path` (media file, folder of images, or clip of a shard: `<shard>.tar/<id>`), `audio_path`
    (sound or media file; empty: the sound in the video file or in the shard); optional `start`, `end`
    (seconds within the file: only this part is used), `fps` (of images).

    Added keys: `frame_times` ((N,) float64, seconds); `video_reader` (a `FrameReader`) and `total_frames` (N) where
    video is wanted; `audio_reader` (a `SoundReader`) where sound is wanted. With `missing_audio='silence'` also
    `missing_audio` (bool).

    Args:
        modalities: What is opened. ('video',): no sound is opened; a folder of images without `fps` counts as 25 frames
            per second. ('audio',): only `audio_path`, or where that is empty the sound of `video_path`, is opened, and
            `frame_times` are 25 moments per second over its length, so that windows are sampled as those of a video.
        missing_audio: What to do with a clip that has video but no sound stream, and no sound file in the list:
            'raise', or 'silence': use zeros. This is logged at the first such clip of a data set, and noted in each
            such sample.
        audio_channel: The sound channel to use: its number, from 1, 'mean' of all, or None: the rule of
            `mmavf.datasets.media.channels.mix_down`.

    Raises:
        ClipError: The clip cannot be used: not media, damaged, no video, no sound, cut off.
        ConfigError: An argument has an impossible value.
    """

    def __init__(
        self,
        modalities: Sequence[str] = ('video', 'audio'),
        missing_audio: Literal['raise', 'silence'] = 'raise',
        audio_channel: Channel = None,
    ) -> None:
        if not modalities or not set(modalities) <= {'video', 'audio'}:
            raise ConfigError(f"OpenClip: modalities must be of 'video' and 'audio', not {tuple(modalities)}")
        if missing_audio not in ('raise', 'silence'):
            raise ConfigError(f"OpenClip: missing_audio must be 'raise' or 'silence', not {missing_audio!r}")
        self.modalities = tuple(modalities)
        check_channel(audio_channel, 'OpenClip')
        self.missing_audio = missing_audio
        self.audio_channel = audio_channel
        # in memory shared by all data workers, so that it is logged once
        self._silence_is_logged = torch.zeros(1, dtype=torch.bool).share_memory_()

    def transform(self, results: dict) -> dict:
        """Open the clip of `results`."""
        span = results.get('start', 0.0), results.get('end')
        if 'video' not in self.modalities:
            results['frame_times'] = self._open_audio(results, span)
        elif not results['video_path']:
            raise ClipError(f'{results.get("audio_path")}: the list has no video for this sound')
        elif os.path.isdir(results['video_path']) or in_shard(results['video_path']):
            results['frame_times'] = self._open_images(results, span)
        else:
            results['frame_times'] = self._open_media(results, span)
        if not np.isfinite(results['frame_times']).all():
            raise ClipError('the times of its frames are not finite: start, end, fps or the time stamps are wrong')
        if 'video_reader' in results:
            results['total_frames'] = len(results['frame_times'])
        return results

    def _open_audio(self, results: dict, span: tuple[float, float | None]) -> np.ndarray:
        path = results.get('audio_path') or results['video_path']
        if os.path.isdir(path):
            raise _no_sound_of_folder(path)
        opened = ShardClip(path).sound(self.audio_channel) if in_shard(path) else self._open_sound(path)
        sound = results['audio_reader'] = _require(opened, path, 'sound')
        start, end = span[0], sound.duration_sec if span[1] is None else min(span[1], sound.duration_sec)
        if end - start > MAX_CLIP_SEC:
            raise ClipError(
                f'{path}: {(end - start) / 3600:.0f} hours of sound by its time stamps: there is a gap in them'
            )
        return sound_moments(start, end, path)

    def _open_images(self, results: dict, span: tuple[float, float | None]) -> np.ndarray:
        path, audio_path, fps = results['video_path'], results.get('audio_path'), results.get('fps')
        shard = ShardClip(path) if in_shard(path) else None
        duration_sec = None
        if 'audio' in self.modalities:
            sound = self._open_sound(audio_path) if audio_path else shard.sound(self.audio_channel) if shard else None
            if sound is None and shard is None and self.missing_audio == 'raise':
                raise _no_sound_of_folder(path)
            self._set_sound(results, sound, audio_path or path)
            duration_sec = sound.duration_sec if sound else None
        if duration_sec is None:
            fps = fps or DEFAULT_FPS
        video = shard.frames(fps, duration_sec, *span) if shard else FrameFolder(path, fps, duration_sec, *span)
        results['video_reader'] = video
        return video.frame_times

    def _open_media(self, results: dict, span: tuple[float, float | None]) -> np.ndarray:
        path, audio_path = results['video_path'], results.get('audio_path')
        kinds = ('video',) if audio_path else self.modalities
        media = MediaFile(path, *span, kinds=kinds, channel=self.audio_channel)
        video = results['video_reader'] = _require(media.video, path, 'video')
        if 'audio' in self.modalities:
            self._set_sound(results, self._open_sound(audio_path) if audio_path else media.audio, audio_path or path)
        return video.frame_times

    def _open_sound(self, path: str) -> SoundReader | None:
        return open_sound(path, channel=self.audio_channel)

    def _set_sound(self, results: dict, sound: SoundReader | None, path: str) -> None:
        """Add the reader of the sound, or apply the policy if there is none."""
        if self.missing_audio == 'silence':
            results['missing_audio'] = sound is None
            if sound is None and not self._silence_is_logged:
                self._silence_is_logged.fill_(True)
                MMLogger.get_current_instance().warning(
                    f'{path}: no sound; it is replaced by silence, as for all such clips of this data set'
                )
            results['audio_reader'] = sound or Silence()
        else:
            results['audio_reader'] = _require(sound, path, 'sound')


def _no_sound_of_folder(path: str) -> ClipError:
    return ClipError(f'{path}: a folder of images has no sound of its own, and the list has no sound file')


def _require(track: _Reader | None, path: str, kind: str) -> _Reader:
    if track is None:
        raise ClipError(f'{path}: the file has no {kind} stream')
    return track
