"""What happens to a visitor's clip: limits, prediction, files for the player."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from mmavf.apis.inference import AVFInferencer, Recording
from mmavf.apis.inference.recording import with_all_that_can_be_read
from mmavf.errors import ClipError
from mmavf.timeline import Timeline, write_csv, write_json

from .looks import Looks
from .playable import plays_as_it_is, write_playable
from .shelf import Clip

JSON, CSV, MEDIA = 'timeline.json', 'timeline.csv', 'media.mp4'
MB = 2**20  # bytes, as Gradio's messages count


@dataclass(frozen=True)
class Limits:
    """What a visitor may upload.

    Attributes:
        max_mb: Size of a file, in units of `MB`.
        max_sec: Length of a clip in seconds.
    """

    max_mb: float = 200.0
    max_sec: float = 300.0


@dataclass(frozen=True)
class Analysis:
    """Turns a clip into the files of the player.

    Attributes:
        infer: The model.
        limits: What a visitor may upload.
        batch_size: Windows that run together.
        attention: Whether there is a picture of what mattered for each window; the model then runs twice.
    """

    infer: AVFInferencer
    limits: Limits = Limits()
    batch_size: int = 8
    attention: bool = True

    def run(self, clip: Clip, progress: Callable[[int, int], None] | None = None) -> Timeline:
        """Write timeline, media and pictures for the player into the folder of a clip; remove what was uploaded.

        Args:
            clip: The clip; what was uploaded is removed even if this fails.
            progress: As in `AVFInferencer.predict`.

        Raises:
            ClipError: The clip cannot be used. The message begins with the name that the visitor knows, and shows none
                of the server's folders.
        """
        source = clip.source
        try:
            return self._run(clip, source, progress)
        except ClipError as error:
            # the same kind of error, with the name that the visitor knows
            raise type(error)(str(error).replace(str(source), clip.name)) from error
        finally:
            clip.finish()

    def _run(self, clip: Clip, source: Path, progress: Callable[[int, int], None] | None) -> Timeline:
        self._check_size(clip, source)
        recording = replace(self.infer.open(source), name=clip.name)
        self._check_length(recording)
        each = Looks(self.infer.model, clip.folder).add if self.attention else None
        timeline = self.infer.predict(recording, self.batch_size, progress, each)
        write_json(timeline, clip.folder / JSON)
        write_csv(timeline, clip.folder / CSV)
        if plays_as_it_is(source):
            source.rename(clip.folder / MEDIA)
        else:
            write_playable(with_all_that_can_be_read(recording, source), source, timeline, clip.folder / MEDIA)
        return timeline

    def _check_size(self, clip: Clip, source: Path) -> None:
        size = source.stat().st_size
        if size > MB * self.limits.max_mb:
            raise ClipError(f'{clip.name}: {size / MB:.0f} MB are too many; the limit is {self.limits.max_mb:g} MB')

    def _check_length(self, recording: Recording) -> None:
        info = recording.info()
        length = info.end_sec - info.start_sec
        if length > self.limits.max_sec:
            raise ClipError(
                f'{recording.name}: the clip is too long: {length:.1f} seconds; the limit is '
                f'{self.limits.max_sec:g} seconds. Cut out the part that matters.'
            )
