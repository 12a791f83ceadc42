"""The speed of a prediction on this machine, as a whole and by its parts."""

import time
from collections.abc import Callable
from typing import NamedTuple

from .inferencer import AVFInferencer
from .predictor import score
from .recording import Recording


class PredictionSpeed(NamedTuple):
    """Seconds that the parts of a prediction take per second of the recording, each by itself.

    In a prediction, reading and the model run at the same time.

    Attributes:
        decode: Decoding all frames once; 0 without video.
        follow: Finding and following faces, with the decoding for it; 0 where no face is looked for.
        read: Reading the windows: decoding, crops, sound, log-mel.
        sound: Of that, sound and log-mel; 0 where no sound is heard.
        model: The model on the windows.
        whole: The whole prediction.
    """

    decode: float
    follow: float
    read: float
    sound: float
    model: float
    whole: float


def measure_prediction(infer: AVFInferencer, recording: Recording, batch_size: int = 8) -> PredictionSpeed:
    """Measure a prediction, after a first one that loads libraries; the windows are in memory together.

    Args:
        infer: The inferencer.
        recording: A recording of some 10 to 60 s.
        batch_size: Windows that run together.

    Raises:
        ClipError: The recording cannot be used.
    """
    infer.predict(recording, batch_size)
    windows = infer.windows
    plan = windows.plan(recording)
    batches = list(windows.batches(recording, plan, batch_size))
    spans = [window.plan.window_sec for batch in batches for window in batch]
    frames, sound = recording.frames, recording.sound
    work: dict[str, Callable[[], object]] = dict(
        decode=lambda: frames and sum(1 for _ in frames.iter_frames(range(len(frames.frame_times)))),
        follow=lambda: plan.faces and windows.plan(recording),
        read=lambda: list(windows.batches(recording, plan, batch_size)),
        sound=lambda: (
            sound is not None
            and 'audio' in windows.modalities
            and [infer.pipeline.pack('', 0, span, None, sound) for span in spans]
        ),
        model=lambda: [list(score(infer.engine, batch, plan.absent)) for batch in batches],
        whole=lambda: infer.predict(recording, batch_size),
    )
    info = recording.info()
    return PredictionSpeed(**{name: _seconds(run) / (info.end_sec - info.start_sec) for name, run in work.items()})


def _seconds(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin
