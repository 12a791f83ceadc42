"""Opening of a clip's video and sound."""

import os

from mmcv.transforms import BaseTransform

from mmavf.errors import ClipError
from mmavf.registry import TRANSFORMS

from ..media import AudioTrack, FrameFolder, MediaFile, SoundFile, VideoTrack


@TRANSFORMS.register_module()
class OpenClip(BaseTransform):
    """Open a clip and read its time stamps; nothing is decoded yet.

    Required keys: `video_path` (media file, or folder of images), `audio_path` (sound or media file; empty: the video
    file's own sound); optional `start`, `end` (seconds within the file: only this part is used), `fps` (of a folder).

    Added keys: `video_reader`, `audio_reader`, `frame_times` ((N,) float64, seconds), `total_frames` (N), `modality`.

    Raises:
        ClipError: The clip cannot be used: not media, damaged, no video, no sound, cut off.
    """

    def transform(self, results: dict) -> dict:
        """Open the clip of `results`."""
        path, audio_path = results['video_path'], results.get('audio_path') or ''
        span = results.get('start', 0.0), results.get('end')
        if os.path.isdir(path):
            if not audio_path:
                raise ClipError(f'{path}: a folder of images has no sound of its own and the list names no sound file')
            audio = _open_sound(audio_path)
            video = FrameFolder(path, results.get('fps'), audio.duration_sec, *span)
        else:
            media = MediaFile(path, *span)
            video = _require(media.video, path, 'video')
            audio = _open_sound(audio_path) if audio_path else _require(media.audio, path, 'sound')
        results.update(
            video_reader=video,
            audio_reader=audio,
            frame_times=video.frame_times,
            total_frames=len(video.frame_times),
            modality='RGB',
        )
        return results


def _open_sound(path: str) -> SoundFile | AudioTrack:
    if path.lower().endswith(SoundFile.SUFFIXES):
        return SoundFile(path)
    return _require(MediaFile(path).audio, path, 'sound')


def _require(track: VideoTrack | AudioTrack | None, path: str, kind: str) -> VideoTrack | AudioTrack:
    if track is None:
        raise ClipError(f'{path}: the file has no {kind} stream')
    return track
