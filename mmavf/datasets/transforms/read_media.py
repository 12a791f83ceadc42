"""Decoding of the chosen frames and of the sound that belongs to them."""

from mmcv.transforms import BaseTransform

from mmavf.errors import ClipError
from mmavf.registry import TRANSFORMS
from mmavf.structures.contracts import check_contract

from ..media.interfaces import FrameReader, SoundReader
from ..media.limits import MAX_WINDOW_SEC

MIN_EDGE = 2  # pixels: crops of less are empty


@TRANSFORMS.register_module()
class ReadFrames(BaseTransform):
    """Decode the frames of all windows in one pass.

    Required keys: `video_reader` (a `FrameReader`), `frame_inds` ((V, T)).

    Added keys: `imgs` (list of V * T arrays (H, W, 3), uint8 RGB; equal frames are one array), `original_shape`,
    `img_shape` (both (H, W)), `modality` ('RGB', for MMAction2's transforms). `video_reader` is removed.

    Raises:
        ConfigError: The reader lacks a member of its contract.
        ClipError: A frame is damaged or missing, or the frames have several sizes or are too small.
    """

    def transform(self, results: dict) -> dict:
        """Add the frames to `results`."""
        reader = results.pop('video_reader')
        check_contract(reader, FrameReader, 'video_reader')
        imgs = reader.read_frames(results['frame_inds'].ravel().tolist())  # (V, T) -> (V * T,)
        sizes = {img.shape[:2] for img in imgs}
        if len(sizes) > 1:
            raise ClipError(f'the picture changes its size: {sorted(sizes)} (height, width) in one window')
        if min(imgs[0].shape[:2]) < MIN_EDGE:
            raise ClipError(f'the picture has {imgs[0].shape[1]} x {imgs[0].shape[0]} pixels, which is too small')
        shape = imgs[0].shape[:2]
        results.update(imgs=imgs, original_shape=shape, img_shape=shape, modality='RGB')
        return results


@TRANSFORMS.register_module()
class ReadAudio(BaseTransform):
    """Decode the sound of each window as mono 16 kHz; zeros where the clip has no sound.

    Required keys: `audio_reader` (a `SoundReader`), `window_sec` ((V, 2)).

    Added keys: `waveforms` (list of V arrays (N,), float32; equal windows are one array). `audio_reader` is removed.

    Raises:
        ConfigError: The reader lacks a member of its contract.
        ClipError: The sound is damaged or has values that are not finite, or a window is too long.
    """

    def transform(self, results: dict) -> dict:
        """Add the waveforms to `results`."""
        reader = results.pop('audio_reader')
        check_contract(reader, SoundReader, 'audio_reader')
        for start, end in results['window_sec']:
            if end - start > MAX_WINDOW_SEC:
                raise ClipError(
                    f'its window of {end - start:.0f} s exceeds the limit of {MAX_WINDOW_SEC:g} s: there is a gap in '
                    'the time stamps of the frames, or their rate (fps) is wrong'
                )
        windows = [(float(start), float(end)) for start, end in results['window_sec']]
        # each once: those of a clip that is shorter than a window are the same
        read = {window: reader.read_audio(*window) for window in dict.fromkeys(windows)}
        results['waveforms'] = [read[window] for window in windows]
        return results
