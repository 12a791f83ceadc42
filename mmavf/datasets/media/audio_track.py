"""Windows of a sound stream, decoded from its packets."""

import av
import numpy as np

from mmavf.errors import ClipError

from .resample import SAMPLE_RATE_HZ, check_finite, place_samples, to_mono_16k

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
        self._codec = stream.codec_context
        self._codec.thread_count = 1
        self._packets = packets
        self._origin_sec = origin_sec

    @property
    def duration_sec(self) -> float:
        """End of the sound in seconds from the start of the file.

        Raises:
            ClipError: The stream holds no sound.
        """
        if not self._packets:
            raise ClipError(f'{self.path}: the sound stream holds no samples')
        last = self._packets[-1]
        return float((last.pts + (last.duration or 0)) * last.time_base) - self._origin_sec

    def read_audio(self, start_sec: float, end_sec: float) -> np.ndarray:
        """Decode the window [start_sec, end_sec) as mono 16 kHz.

        Returns:
            (round((end - start) * 16000),) float32; zeros where the stream has no sound: before it starts, after it
            ends, in a gap between its stamps.

        Raises:
            ClipError: The sound is damaged, not finite, or the stream holds none at all.
        """
        if not self._packets:
            raise ClipError(f'{self.path}: the sound stream holds no samples')
        window = np.zeros(round((end_sec - start_sec) * SAMPLE_RATE_HZ), dtype=np.float32)
        try:
            runs = self._decode(start_sec, end_sec)
        except av.FFmpegError as error:
            raise ClipError(f'{self.path}: sound cannot be decoded ({error.strerror})') from error
        for run_start_sec, samples in runs:
            check_finite(samples, self.path)
            mono = to_mono_16k(samples, self._codec.sample_rate)
            place_samples(window, mono, round((run_start_sec - start_sec) * SAMPLE_RATE_HZ))
        return window

    def _decode(self, start_sec: float, end_sec: float) -> list[tuple[float, np.ndarray]]:
        """Return the runs of unbroken sound that touch the window: (start in seconds, (N, channels) float32)."""
        first, last = start_sec - PREROLL_SEC + self._origin_sec, end_sec + self._origin_sec
        near = [p for p in self._packets if first <= float(p.pts * p.time_base) < last]
        self._codec.flush_buffers()
        blocks = [block for packet in [*near, None] for block in self._codec.decode(packet)]
        to_float = av.AudioResampler(format='flt')  # keeps rate and channels
        runs: list[tuple[float, list[np.ndarray]]] = []
        expected_sec = float('-inf')
        for block in blocks:
            # stamps of some containers are coarse: what follows within half a block follows at once
            if abs(block.time - expected_sec) > 0.5 * block.samples / block.sample_rate:
                runs.append((block.time - self._origin_sec, []))
                expected_sec = block.time
            expected_sec += block.samples / block.sample_rate
            for part in to_float.resample(block):
                channels = len(part.layout.channels)
                runs[-1][1].append(part.to_ndarray().reshape(-1, channels))  # (1, N * C) -> (N, C)
        return [(time, np.concatenate(parts)) for time, parts in runs]
