"""The sound of a recording, for an mp4 file with new pictures."""

import os
from collections.abc import Iterator
from contextlib import ExitStack
from typing import cast

import av
from av.container import InputContainer, OutputContainer

from mmavf.datasets.media import SAMPLE_RATE_HZ, SoundReader
from mmavf.datasets.media.codec import unit_sec
from mmavf.datasets.media.open_container import open_container
from mmavf.datasets.media.splices import SPLICED_FORMATS

# What mp4 holds and browsers play; avi has no stamps, those of spliced formats may jump.
COPIED_CODECS = ('aac', 'mp3', 'ac3', 'eac3', 'opus', 'flac', 'alac')
NOT_COPIED_FORMATS = ('avi', *SPLICED_FORMATS)
SPAN_SEC = 2
BIT_RATE = 96_000


class KeptSound:
    """Adds the sound of a recording to an mp4 file, in step with the pictures that are written beside it.

    It is copied where mp4 can hold it; otherwise it is encoded as AAC from what the reader gives, mono at 16 kHz.

    Args:
        out: The mp4 file, before anything is written to it.
        path: The recording; another name, or None, if the sound does not come from a file.
        sound: Its sound, read from the beginning.

    Raises:
        ClipError: The recording is damaged.
    """

    def __init__(self, out: OutputContainer, path: str | None, sound: SoundReader) -> None:
        self._out, self._files = out, ExitStack()
        source = self._open(path) if path is not None and os.path.isfile(path) else None
        packets = self._encoded(sound) if source is None else self._copied(*source, sound)
        self._packets = packets
        self._next = next(packets, None)

    def __enter__(self) -> 'KeptSound':
        return self

    def __exit__(self, *exception: object) -> None:
        self._files.close()

    def write_until(self, time_sec: float) -> None:
        """Write the packets that begin before a time."""
        while self._next is not None and (self._next.dts or 0) * self._next.time_base < time_sec:
            self._out.mux(self._next)
            self._next = next(self._packets, None)

    def _open(self, path: str) -> tuple[InputContainer, av.AudioStream] | None:
        """Open a file whose sound can be copied; None if it cannot."""
        container = self._files.enter_context(open_container(path))
        stream = cast('av.AudioStream | None', container.streams.best('audio'))
        if stream is None or container.format.name in NOT_COPIED_FORMATS or stream.codec_context is None:
            return None
        return (container, stream) if stream.codec_context.codec.canonical_name in COPIED_CODECS else None

    def _copied(self, container: InputContainer, stream: av.AudioStream, sound: SoundReader) -> Iterator[av.Packet]:
        kept = self._out.add_stream_from_template(stream)
        return self._shifted(container, stream, kept, sound)

    def _shifted(
        self, container: InputContainer, stream: av.AudioStream, kept: av.AudioStream, sound: SoundReader
    ) -> Iterator[av.Packet]:
        """Yield the packets with stamps on the clock of the reader."""
        unit, origin, last = unit_sec(stream, ''), None, -(2**63)
        for packet in container.demux(stream):
            if packet.size == 0 or packet.pts is None or packet.dts is None:
                continue
            if origin is None:
                origin = packet.pts - round(sound.start_sec / unit)
            packet.pts -= origin
            last = packet.dts = max(packet.dts - origin, last + 1)
            packet.pts = max(packet.pts, packet.dts)
            packet.stream = kept
            yield packet

    def _encoded(self, sound: SoundReader) -> Iterator[av.Packet]:
        stream = self._out.add_stream('aac', rate=SAMPLE_RATE_HZ, layout='mono', bit_rate=BIT_RATE)
        return self._spans(stream, sound)

    def _spans(self, stream: av.AudioStream, sound: SoundReader) -> Iterator[av.Packet]:
        for start_sec in range(0, max(round(sound.duration_sec) + 1, 1), SPAN_SEC):
            end_sec = min(start_sec + SPAN_SEC, sound.duration_sec)
            if end_sec <= start_sec:
                break
            samples = sound.read_audio(start_sec, end_sec)
            block = av.AudioFrame.from_ndarray(samples[None], format='fltp', layout='mono')  # (1, samples)
            block.sample_rate, block.pts = SAMPLE_RATE_HZ, start_sec * SAMPLE_RATE_HZ
            yield from stream.encode(block)
        yield from stream.encode(None)
