"""The frames of a raw clip, decoded on demand."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from mmavf.datasets.media import FrameFolder, FrameReader, MediaFile, open_sound
from mmavf.datasets.media.frame_times import DEFAULT_FPS
from mmavf.datasets.media.windows import gather_frames
from mmavf.errors import ClipError

from .raw_clip import RawClip


class RawFrames:
    """The frames of a raw clip, all of one size; a `FrameReader`.

    The file's rotation is honoured, and of a clip with `half` only that half of the picture is given. The frames of a
    folder lie at its `fps`; without it they are spread over the length of the clip's sound, and at 25 per second where
    it has none either, as when such a folder is read for training.

    Args:
        raw: The set's raw folder.
        clip: The clip.

    Attributes:
        frame_times: (N,) float64, ascending, N > 0: seconds from the start of the clip.
        size: Width and height of the frames.

    Raises:
        ClipError: The clip has no video, or it is damaged, empty or cut off.
    """

    def __init__(self, raw: Path, clip: RawClip) -> None:
        if not clip.video:
            raise ClipError(f'{clip.id}: the clip has sound only')
        self.path = str(raw / clip.video)
        self._half = clip.half
        self._reader: FrameReader = (
            _open_folder(raw, clip) if (raw / clip.video).is_dir() else _open_video(self.path, clip)
        )
        self.frame_times = self._reader.frame_times - clip.start_sec
        if not np.isfinite(self.frame_times).all():
            raise ClipError(f'{self.path}: the times of its frames are not finite: start, end or frame rate are wrong')
        height, width, _ = self._cut_half(self._reader.read_frames([0])[0]).shape
        self.size = width, height

    def read_frames(self, indices: Sequence[int]) -> list[np.ndarray]:
        """Return one (H, W, 3) uint8 RGB array per index, in the order of `indices`, which may repeat.

        Raises:
            ClipError: A frame is damaged, missing, or not as large as the first; or all together are too large.
        """
        return gather_frames(indices, self.iter_frames, self.path)

    def iter_frames(self, indices: Sequence[int]) -> Iterator[np.ndarray]:
        """Yield the frames of ascending, distinct `indices`: (H, W, 3) uint8 RGB; others are not converted.

        Raises:
            ClipError: A frame is damaged, missing, or not as large as the first.
        """
        width, height = self.size
        for index, picture in zip(indices, self._reader.iter_frames(indices), strict=True):
            frame = self._cut_half(picture)
            if frame.shape != (height, width, 3):
                raise ClipError(
                    f'{self.path}: the picture changes its size at frame {index}: {width} x {height} before, then '
                    f'{frame.shape[1]} x {frame.shape[0]}'
                )
            yield frame

    def _cut_half(self, picture: np.ndarray) -> np.ndarray:
        middle = picture.shape[1] // 2
        halves = {'': picture, 'left': picture[:, :middle], 'right': picture[:, middle:]}
        return halves[self._half]


def _open_video(path: str, clip: RawClip) -> FrameReader:
    video = MediaFile(path, clip.start_sec, clip.end_sec, kinds=('video',)).video
    if video is None:
        raise ClipError(f'{path}: no video stream')
    return video


def _open_folder(raw: Path, clip: RawClip) -> FrameFolder:
    path = str(raw / clip.video)
    fps, duration_sec = clip.fps, 0.0
    if fps is None and clip.audio:
        duration_sec = _sound_duration_sec(str(raw / clip.audio))
    elif fps is None:
        fps = DEFAULT_FPS
    span = clip.start_sec, clip.end_sec
    return FrameFolder(path, fps, duration_sec, *span, first_number=clip.first_frame, last_number=clip.last_frame)


def _sound_duration_sec(path: str) -> float:
    sound = open_sound(path)
    if sound is None:
        raise ClipError(f'{path}: no sound stream')
    return sound.duration_sec
