"""A copy of a recording that every browser plays, on the recording's own clock."""

from dataclasses import replace
from pathlib import Path

import av

from mmavf.apis.inference import Recording
from mmavf.datasets.media.open_container import open_container
from mmavf.files.atomic_file import replacing
from mmavf.timeline import Timeline
from mmavf.visualization.kept_sound import KeptSound
from mmavf.visualization.timeline_overlay import write_overlay

PICTURES, SOUNDS = ('h264',), ('aac', 'mp3')  # in mp4
PIXELS = ('yuv420p', 'yuvj420p')
COPIED_SOUNDS = (*SOUNDS, 'opus', 'flac')
SAME_US = 1000  # microseconds


def plays_as_it_is(path: Path) -> bool:
    """Whether browsers play a file, and count its time from where it begins: mp4 of H.264 and AAC or MP3, from 0 on.

    Raises:
        ClipError: It is not a media file.
    """
    with open_container(str(path)) as container:
        if 'mp4' not in container.format.name or abs(container.start_time or 0) > SAME_US:
            return False
        videos, sounds = container.streams.video, container.streams.audio
        return (
            len(videos) <= 1
            and all(_codec(video) in PICTURES and video.codec_context.pix_fmt in PIXELS for video in videos)
            and all(_codec(sound) in SOUNDS for sound in sounds)
        )


def write_playable(recording: Recording, source: Path, timeline: Timeline, path: Path) -> None:
    """Write a recording as mp4: H.264, and AAC or what browsers play beside it. Frames and sound keep their times.

    Args:
        recording: Frames and sound of `source`.
        source: The file.
        timeline: Its timeline.
        path: mp4 file to write, atomically.

    Raises:
        ClipError: The recording is damaged.
        OSError: The file cannot be written.
    """
    copied_from = str(source) if _sound_can_be_copied(source) else ''
    if recording.frames is not None:
        bare = Timeline(replace(timeline.source, path=copied_from), timeline.model)  # nothing to draw
        write_overlay(bare, path, recording.frames, recording.sound)
    elif recording.sound is not None:
        with (
            replacing(path) as temporary,
            av.open(str(temporary), 'w', format='mp4') as out,
            KeptSound(out, copied_from, recording.sound) as kept,
        ):
            kept.write_until(float('inf'))


def _sound_can_be_copied(source: Path) -> bool:
    with open_container(str(source)) as container:
        return all(_codec(sound) in COPIED_SOUNDS for sound in container.streams.audio)


def _codec(stream: av.VideoStream | av.AudioStream) -> str:
    return stream.codec_context.codec.canonical_name if stream.codec_context is not None else ''
