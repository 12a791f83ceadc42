"""Windows of a sound stream, decoded from its packets."""

import av
import numpy as np

from mmavf.errors import ClipError

from .codec import open_codec
from .resample import SAMPLE_RATE_HZ, check_finite, check_rate, place_samples, to_mono_16k

# Codecs need some packets before the window to settle (bit reservoir of MP3, 80 ms pre-roll of Opus).
PREROLL_SEC = 0.3


class AudioTrack:
    """The sound of a media file.

    Args:
        path: The file, for messages.
        stream: The stream; its container must stay open.
        packets: Its packets in order.
        origin_sec: Stamp of the clip's time 0.
    """

    def __init__(self, path: str, stream: av.AudioStream, packets: list[av.Packet], origin_sec: float) -> None:
        self.path = path
        self._codec = open_codec(stream, path)
        self._packets = packets
        self._origin_sec = origin_sec
        self._unit_sec = float(stream.time_base)

    @property
    def start_sec(self) -> float:
        """Start of the sound, as far as it was read, in seconds from the start of the file.

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
            ClipError: The sound is damaged, not finite, or the stream holds none at all.
        """
        self._require_packets()
        window = np.zeros(round((end_sec - start_sec) * SAMPLE_RATE_HZ), dtype=np.float32)
        try:
            runs = self._decode(start_sec, end_sec)
        except av.FFmpegError as error:
            raise ClipError(f'{self.path}: sound cannot be decoded ({error.strerror})') from error
        for run_start_sec, rate_hz, samples in runs:
            check_finite(samples, self.path)
            mono = to_mono_16k(samples, rate_hz)
            place_samples(window, mono, round((run_start_sec - start_sec) * SAMPLE_RATE_HZ))
        return window

    def _require_packets(self) -> None:
        if not self._packets:
            raise ClipError(f'{self.path}: the sound stream holds no samples')

    def _decode(self, start_sec: float, end_sec: float) -> list[tuple[float, int, np.ndarray]]:
        """Return the runs of unbroken, uniform sound that touch the window.

        Returns:
            Start in seconds, sampling rate in Hz, (channels, N) float32 of each.
        """
        self._codec.flush_buffers()
        runs: list[tuple[float, int, list[np.ndarray]]] = []
        expected_sec, last_form = float('-inf'), None
        near = self._packets_near(start_sec + self._origin_sec, end_sec + self._origin_sec)
        for block in (block for packet in [*near, None] for block in self._codec.decode(packet)):
            check_rate(block.sample_rate, self.path)
            if block.pts is None:
                raise ClipError(f'{self.path}: sound without time stamps: it is damaged')
            start, length = block.pts * self._unit_sec, block.samples / block.sample_rate
            form = block.sample_rate, block.layout.nb_channels  # both may change inside a stream
            # stamps of some containers are coarse: what follows within half a block follows at once
            if abs(start - expected_sec) > 0.5 * length or form != last_form:
                runs.append((start - self._origin_sec, block.sample_rate, []))
                expected_sec, last_form = start, form
            expected_sec += length
            runs[-1][2].append(_to_float(block))
        return [(time, rate_hz, np.concatenate(parts, axis=1)) for time, rate_hz, parts in runs]

    def _packets_near(self, start: float, end: float) -> list[av.Packet]:
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
