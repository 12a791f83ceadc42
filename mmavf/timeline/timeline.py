"""A timeline: what a model says about each window of a recording."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from mmavf.errors import ResultError

if TYPE_CHECKING:
    import pandas as pd

SCHEMA = 'mmavf.timeline/1'

Kind = Literal['classification', 'regression']


@dataclass(frozen=True)
class SourceInfo:
    """A recording. Times are seconds of its own clock: from the start of the file.

    Attributes:
        path: The file, as it was named; a name for a recording from memory.
        video: Whether it has video.
        sound: Whether it has sound.
        start_sec: Time of its first frame or sample.
        end_sec: Time at which its last frame or sample ends.
        fps: Median frame rate of the video; None without video.
        size: Width and height of the video in pixels; None without video.
        absolute_path: The file with all its folders, links followed. This and the next two are written by `mmavf
            predict` alone, to know the recording again; else None.
        size_bytes: Size of the file.
        modified_ns: Time of its last change, in nanoseconds since 1970.
    """

    path: str
    video: bool
    sound: bool
    start_sec: float
    end_sec: float
    fps: float | None = None
    size: tuple[int, int] | None = None
    absolute_path: str | None = None
    size_bytes: int | None = None
    modified_ns: int | None = None


@dataclass(frozen=True)
class ModelInfo:
    """The model that was used.

    Attributes:
        name: Name of the model folder, or of the checkpoint.
        kind: 'classification': scores are probabilities of the classes `names`. 'regression': values of the
            dimensions `names`.
        names: Classes or dimensions, K.
        modalities: What it looks at: 'video', 'audio' or both.
        sha256: Hash of its weights; None if unknown.
        calibrated: Whether probabilities were calibrated.
    """

    name: str
    kind: Kind
    names: tuple[str, ...]
    modalities: tuple[str, ...]
    sha256: str | None = None
    calibrated: bool = False


@dataclass(frozen=True)
class Track:
    """One face from when it appears until it is lost; one person may have several.

    Attributes:
        number: From 1, in order of appearance.
        start_sec: Time of its first frame.
        end_sec: Time at which its last frame ends.
        times_sec: Times at which its place is noted, ascending.
        places: For each of them the square that the model sees: centre x, centre y, side in pixels, angle in degrees.
    """

    number: int
    start_sec: float
    end_sec: float
    times_sec: tuple[float, ...] = ()
    places: tuple[tuple[float, float, float, float], ...] = ()


@dataclass(frozen=True)
class Window:
    """The prediction for one window of one track, or of the sound where the model sees no face.

    Attributes:
        track: Number of the track; None for the sound alone.
        start_sec: Start of the window.
        end_sec: Its end.
        scores: K probabilities or values.
        missing: Modalities that the recording lacks here, in place of which the model got mean tokens.
    """

    track: int | None
    start_sec: float
    end_sec: float
    scores: tuple[float, ...]
    missing: tuple[str, ...] = ()


@dataclass(frozen=True)
class Answer:
    """The prediction for a whole track, or for the whole sound, from the windows that a test uses.

    Attributes:
        track: Number of the track; None for the sound alone.
        scores: K probabilities or values.
        missing: As in `Window`.
    """

    track: int | None
    scores: tuple[float, ...]
    missing: tuple[str, ...] = ()


@dataclass(frozen=True)
class Timeline:
    """What a model says about a recording.

    Attributes:
        source: The recording.
        model: The model.
        settings: How windows were made: `window_sec`, `hop_sec`, `clip_fps`, `missing`, the face detector, and so on.
        tracks: Its faces.
        windows: Predictions, ordered by track and time.
        answers: One per track, or one for the sound.
        notes: Sentences about what the model could not do with this recording.
    """

    source: SourceInfo
    model: ModelInfo
    settings: dict[str, Any] = field(default_factory=dict)
    tracks: tuple[Track, ...] = ()
    windows: tuple[Window, ...] = ()
    answers: tuple[Answer, ...] = ()
    notes: tuple[str, ...] = ()

    def label(self, item: Window | Answer) -> str | None:
        """Return the most probable class of a prediction; None for a regression."""
        if self.model.kind != 'classification':
            return None
        return self.model.names[max(range(len(item.scores)), key=item.scores.__getitem__)]

    def windows_of(self, track: int | None) -> list[Window]:
        """Return the windows of a track, by time."""
        return [window for window in self.windows if window.track == track]

    def rows(self) -> list[dict[str, Any]]:
        """Return one flat dictionary per window: track, times, label of a class, missing modalities, scores."""
        return [self._row(window) for window in self.windows]

    def to_dataframe(self) -> pd.DataFrame:
        """Return `rows` as a pandas data frame.

        Raises:
            ImportError: pandas is not installed.
        """
        import pandas as pd

        return pd.DataFrame(self.rows(), columns=self.columns())

    def columns(self) -> list[str]:
        """Return the keys of a row, in order."""
        label = ['label'] if self.model.kind == 'classification' else []
        return ['track', 'start_sec', 'end_sec', *label, 'missing', *self.model.names]

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON, with the version of its schema."""
        data = asdict(self)
        for key in ('windows', 'answers'):
            for item, made in zip(getattr(self, key), data[key], strict=True):
                if self.model.kind == 'classification':
                    made['label'] = self.label(item)
        return dict(schema=SCHEMA, **data)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Timeline:
        """Return the timeline of `to_dict`.

        Raises:
            ResultError: It is not one, or one of another schema.
        """
        if data.get('schema') != SCHEMA:
            raise ResultError(f'this is not a timeline of schema {SCHEMA}, but of {data.get("schema")!r}')
        try:
            return cls(
                SourceInfo(**_tuples(data['source'])),
                ModelInfo(**_tuples(data['model'])),
                data['settings'],
                tuple(Track(**_tuples(track)) for track in data['tracks']),
                tuple(Window(**_tuples(_without_label(window))) for window in data['windows']),
                tuple(Answer(**_tuples(_without_label(answer))) for answer in data['answers']),
                tuple(data['notes']),
            )
        except (KeyError, TypeError) as error:
            raise ResultError(f'the timeline is incomplete or damaged: {error}') from error

    def with_notes(self, *notes: str) -> Timeline:
        """Return the timeline with more notes."""
        return replace(self, notes=(*self.notes, *notes))

    def _row(self, window: Window) -> dict[str, Any]:
        label = dict(label=self.label(window)) if self.model.kind == 'classification' else {}
        scores = dict(zip(self.model.names, window.scores, strict=True))
        times = dict(start_sec=window.start_sec, end_sec=window.end_sec)
        return dict(track=window.track, **times, **label, missing=' '.join(window.missing), **scores)


def _without_label(item: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in item.items() if key != 'label'}


def _tuples(data: dict[str, Any]) -> dict[str, Any]:
    return {key: _tuple(value) for key, value in data.items()}


def _tuple(value: Any) -> Any:
    return tuple(_tuple(item) for item in value) if isinstance(value, list) else value
