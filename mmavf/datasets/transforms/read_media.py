"""Decoding of the chosen frames and of the sound that belongs to them."""

from mmcv.transforms import BaseTransform

from mmavf.registry import TRANSFORMS


@TRANSFORMS.register_module()
class ReadFrames(BaseTransform):
    """Decode the frames of all windows in one pass.

    Required keys: `video_reader`, `frame_inds` ((V, T)).

    Added keys: `imgs` (list of V * T arrays (H, W, 3), uint8 RGB; equal frames are one array), `original_shape`,
    `img_shape` (both (H, W)).
    `video_reader` is removed.

    Raises:
        ClipError: A frame is damaged or missing.
    """

    def transform(self, results: dict) -> dict:
        """Add the frames to `results`."""
        imgs = results.pop('video_reader').read_frames(results['frame_inds'].ravel().tolist())  # (V, T) -> (V * T,)
        results.update(imgs=imgs, original_shape=imgs[0].shape[:2], img_shape=imgs[0].shape[:2])
        return results


@TRANSFORMS.register_module()
class ReadAudio(BaseTransform):
    """Decode the sound of each window as mono 16 kHz; zeros where the clip has no sound.

    Required keys: `audio_reader`, `window_sec` ((V, 2)).

    Added keys: `waveforms` (list of V arrays (N,), float32). `audio_reader` is removed.

    Raises:
        ClipError: The sound is damaged or holds values that are not finite.
    """

    def transform(self, results: dict) -> dict:
        """Add the waveforms to `results`."""
        reader = results.pop('audio_reader')
        results['waveforms'] = [reader.read_audio(float(start), float(end)) for start, end in results['window_sec']]
        return results
