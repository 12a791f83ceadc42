"""Windows of a sound stream, decoded from its packets."""

from contextlib import suppress

import av
import numpy as np

from mmavf.errors import ClipError

from .channels import Channel, mix_down
from .codec import open_codec, unit_sec
from .media_errors import as_clip_errors
from .resample import SAMPLE_RATE_HZ, check_finite, check_rate, place_samples, to_mono_16k
from .sound_window import empty_window
from .splices import SPLICED_FORMATS
from .stamped_packet import StampedPacket

# Codecs need some packets before the window to converge (bit reservoir of MP3, 80 ms pre-roll of Opus).
PREROLL_SEC = 0.3
# The delay of encoders is up to 80 ms, and packets are at least 2.5 ms long (Opus).
MAX_DELAY_PACKETS = 32


class AudioTrack:
    """The sound of a media file; a `SoundReader`.

    Args:
        path: The file, for messages.
        stream: The stream; its container must stay open.
        packets: Its packets in order.
        origin_sec: Stamp of the clip's time 0.
        channel: Number of the channel to use, from 1, or 'mean'; None: the rule of `mix_down`.
    """

    def __init__(
        self,
        path: str,
        stream: av.AudioStream,
        packets: list[StampedPacket],
        origin_sec: float,
        channel: Channel = None,
    ) -> None:
        self.path = path
        self._codec = open_codec(stream, path)
        self._delayed = bool(self._codec.delay)
        self._packets = packets
        self._origin_sec = origin_sec
        self._channel = channel
        self._unit_sec = unit_sec(stream, path)
        self._may_begin_inside = stream.container.format.name in SPLICED_FORMATS

    @property
    def start_sec(self) -> float:
        """Start of the sound that was read, in seconds from the start of the file.

        Raises:
            ClipError: The stream holds no sound.
        """
        self._require_packets()
        return self._packets[0].pts * self._unit_sec - self._origin_sec

    @property
    def duration_sec(self) -> float:
        """End of the sound in seconds from the start of the file.

        Raises:
            ClipError: The stream holds no sound.
        """
        self._require_packets()
        last = self._packets[-1]
        return (last.pts + (last.duration or 0)) * self._unit_sec - self._origin_sec

    def read_audio(self, start_sec: float, end_sec: float) -> np.ndarray:
        """Decode the window [start_sec, end_sec) as mono 16 kHz.

        Returns:
            (round((end - start) * 16000),) float32; zeros where the stream has no sound: before it starts, after it
            ends, in a gap between its stamps.

        Raises:
            ClipError: The sound is damaged or not finite; the stream is empty or has no such channel; the window ends
                before it starts, or is too long.
        """
        self._require_packets()
        window = empty_window(start_sec, end_sec, self.path)
        with as_clip_errors(self.path, 'sound cannot be decoded'):
            for run_start_sec, rate_hz, mono in self._decode(start_sec, end_sec):
                check_finite(mono, self.path)
                place = round((run_start_sec - start_sec) * SAMPLE_RATE_HZ)
                place_samples(window, to_mono_16k(mono[None], rate_hz), place)
        return window

    def _require_packets(self) -> None:
        if not self._packets:
            raise ClipError(f'{self.path}: the sound stream has no samples')

    def _decode(self, start_sec: float, end_sec: float) -> list[tuple[float, int, np.ndarray]]:
        """Return the runs of unbroken, uniform sound that touch the window.

        A block without a stamp follows the one before: decoders stamp only the first block of a packet, and some hold
        one back until they are flushed (Windows Media).

        Returns:
            Start in seconds, sampling rate in Hz, (N,) float32 of each.
        """
        self._use_up_delay()
        runs: list[tuple[float, int, list[np.ndarray]]] = []
        expected_sec, last_form = 0.0, None  # before the first block there is nothing to expect
        near = self._packets_near(start_sec + self._origin_sec, end_sec + self._origin_sec)
        for block in (block for packet in [*near, None] for block in self._blocks_of(packet)):
            check_rate(block.sample_rate, self.path)
            start = expected_sec if block.pts is None else block.pts * self._unit_sec
            if block.pts is None and last_form is None:
                raise ClipError(f'{self.path}: the sound has no time stamps: the file is damaged')
            length = block.samples / block.sample_rate
            form = block.sample_rate, block.layout.nb_channels  # both may change inside a stream
            # stamps of some containers are coarse: what follows within half a block follows at once
            if form != last_form or abs(start - expected_sec) > 0.5 * length:
                runs.append((start - self._origin_sec, block.sample_rate, []))
                expected_sec, last_form = start, form
            expected_sec += length
            names = [channel.name for channel in block.layout.channels] if form[1] > 2 else []
            runs[-1][2].append(mix_down(_to_float(block), names, self._channel, self.path))
        return [(time, rate_hz, np.concatenate(parts)) for time, rate_hz, parts in runs]

    def _use_up_delay(self) -> None:
        """Make the decoder forget what it has read, and the encoder's delay.

        A decoder that was just opened leaves the delay out of whatever packets it gets first, so that a window would
        depend on what was read before. Those at the beginning of the stream say themselves what is to be left out.
        """
        for packet in self._packets[:MAX_DELAY_PACKETS] if self._delayed else []:
            with suppress(av.FFmpegError):  # reported when it is read
                if any(block.pts == packet.pts for block in self._codec.decode(packet)):
                    break
        self._delayed = False
        self._codec.flush_buffers()

    def _blocks_of(self, packet: StampedPacket | None) -> list[av.AudioFrame]:
        """Decode a packet; the first of a stream that was cut anywhere may be incomplete, and is skipped then."""
        try:
            return self._codec.decode(packet)
        except av.FFmpegError:
            if packet is self._packets[0] and self._may_begin_inside and len(self._packets) > 1:
                return []
            raise

    def _packets_near(self, start: float, end: float) -> list[StampedPacket]:
        """Return the packets from the last that starts before the pre-roll, however long it is, to `end` (stamps)."""
        stamps = [packet.pts * self._unit_sec for packet in self._packets]
        first = max((i for i, stamp in enumerate(stamps) if stamp <= start - PREROLL_SEC), default=0)
        return [packet for packet, stamp in zip(self._packets[first:], stamps[first:], strict=True) if stamp < end]


def _to_float(block: av.AudioFrame) -> np.ndarray:
    """Return (channels, N) float32 in [-1, 1]."""
    samples = block.to_ndarray()
    # planar formats come as (C, N), packed ones as (1, N * C)
    samples = samples if block.format.is_planar else samples.reshape(block.samples, -1).T
    if samples.dtype.kind == 'f':
        return samples.astype(np.float32)
    if samples.dtype.kind == 'u':  # unsigned 8 bit
        return (samples.astype(np.float32) - 128) / 128
    return samples.astype(np.float32) / -float(np.iinfo(samples.dtype).min)
