"""A timeline drawn into its video."""

import math
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import cv2
import numpy as np

from mmavf.datasets.media import FrameReader, SoundReader
from mmavf.datasets.media.frame_times import usual_interval_sec
from mmavf.files.atomic_file import replacing
from mmavf.timeline import Timeline

from .frame_labels import FrameLabels
from .kept_sound import KeptSound

H264 = dict(crf='21', preset='veryfast', bf='0')
# In units of the stamps: those of H.264 hold all usual frame rates as whole numbers; MPEG-4 allows none finer.
CODECS = dict(libx264=Fraction(1, 90_000), mpeg4=Fraction(1, 60_000))
MPEG4_BITS_PER_PIXEL = 0.2
MIN_SIDE = 240  # of a picture in pixels


def write_overlay(timeline: Timeline, path: Path, frames: FrameReader, sound: SoundReader | None) -> None:
    """Write the whole video as mp4 with the square, number, label and scores of each face drawn in.

    H.264, or MPEG-4 where PyAV has no x264. Every frame keeps its time, whatever the frame rate; the sound is kept (see
    `KeptSound`). A few frames are in memory at once. A picture of odd size gets another column or row,
    and one of less than 240 pixels is enlarged, so that there is room to write.

    Args:
        timeline: The timeline; sound is copied from its source, if that is a file.
        path: mp4 file to write, atomically.
        frames: The frames of the recording.
        sound: Its sound, read from the beginning; None for none.

    Raises:
        ClipError: The recording is damaged.
        OSError: The file cannot be written.
    """
    labels, times = FrameLabels(timeline), frames.frame_times
    pictures = frames.iter_frames(range(len(times)))
    with replacing(path) as temporary, ExitStack() as files:
        options = dict(movflags='+faststart')  # so that a page can begin to play it before it has the end
        out = files.enter_context(av.open(str(temporary), 'w', format='mp4', options=options))
        kept = None
        video = None
        for time_sec, picture in zip(times.tolist(), pictures, strict=True):
            scale = max(1, math.ceil(MIN_SIDE / min(picture.shape[:2])))
            drawn = _even(_enlarged(picture, scale))
            if video is None:
                video = _add_video(out, drawn, times)
                kept = files.enter_context(KeptSound(out, timeline.source.path, sound)) if sound is not None else None
            labels.draw(drawn, time_sec, scale)
            if kept is not None:
                kept.write_until(time_sec)
            frame = av.VideoFrame.from_ndarray(drawn, format='rgb24')
            frame.time_base = video.codec_context.time_base
            frame.pts = round(time_sec / frame.time_base)
            out.mux(video.encode(frame))
        if video is not None:
            out.mux(video.encode(None))
        if kept is not None:
            kept.write_until(float('inf'))


def _enlarged(picture: np.ndarray, scale: int) -> np.ndarray:
    return cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC) if scale > 1 else picture


def _even(picture: np.ndarray) -> np.ndarray:
    """Return a copy of a frame to draw into, (H, W, 3) with even H and W."""
    height, width = picture.shape[:2]
    return cv2.copyMakeBorder(picture, 0, height % 2, 0, width % 2, cv2.BORDER_REPLICATE)


def _add_video(out: av.container.OutputContainer, picture: np.ndarray, times_sec: np.ndarray) -> av.VideoStream:
    codec = next(name for name in CODECS if name in av.codecs_available)
    # determines the duration of the last frame
    rate = Fraction(1 / usual_interval_sec(times_sec)).limit_denominator(1001)
    options = H264 if codec == 'libx264' else {}
    video = cast(av.VideoStream, out.add_stream(codec, rate=rate, options=options))
    video.height, video.width = picture.shape[:2]
    video.pix_fmt = 'yuv420p'
    video.codec_context.time_base = video.time_base = CODECS[codec]
    if codec == 'mpeg4':
        video.bit_rate = round(MPEG4_BITS_PER_PIXEL * video.height * video.width * float(rate))
    return video
