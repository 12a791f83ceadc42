"""Transforms that open clips by decord or torchcodec, in place of `OpenClip`."""

from collections.abc import Callable

from mmcv.transforms import BaseTransform

from mmavf.datasets.media import FrameReader, SoundReader, open_sound
from mmavf.errors import ClipError
from mmavf.registry import TRANSFORMS


class OpenWith(BaseTransform):
    """Open whole video files by other readers; the keys are those of `OpenClip`.

    Args:
        frames: Makes the reader of frames of a path.
        sound: Makes the reader of sound of a path, where the list has no sound file.

    Raises:
        ClipError: The clip is a part of a file, or cannot be opened.
    """

    def __init__(self, frames: Callable[[str], FrameReader], sound: Callable[[str], SoundReader]) -> None:
        self._frames, self._sound = frames, sound

    def transform(self, results: dict) -> dict:
        """Open the clip of `results`."""
        if results.get('start') or results.get('end') is not None:
            raise ClipError(f'{results["video_path"]}: parts of files (start, end) are read by the package alone')
        results['video_reader'] = self._frames(results['video_path'])
        results['frame_times'] = results['video_reader'].frame_times
        results['total_frames'] = len(results['frame_times'])
        beside = results.get('audio_path')
        results['audio_reader'] = open_sound(beside) if beside else self._sound(results['video_path'])
        if results['audio_reader'] is None:
            raise ClipError(f'{beside}: the file has no sound stream')
        return results


@TRANSFORMS.register_module()
class OpenWithDecord(OpenWith):
    """Open clips by decord."""

    def __init__(self) -> None:
        from .decord_reader import DecordFrames, DecordSound

        super().__init__(DecordFrames, DecordSound)


@TRANSFORMS.register_module()
class OpenWithTorchCodec(OpenWith):
    """Open clips by torchcodec.

    Args:
        device: Where videos are decoded: 'cpu' or 'cuda' (NVDEC).
    """

    def __init__(self, device: str = 'cpu') -> None:
        from .torchcodec_reader import TorchCodecFrames, TorchCodecSound

        super().__init__(lambda path: TorchCodecFrames(path, device), TorchCodecSound)
