"""Timelines made by hand."""

from collections.abc import Sequence

import numpy as np

from mmavf.timeline import Answer, ModelInfo, SourceInfo, Timeline, Track, Window

EMOTIONS = ('anger', 'disgust', 'fear', 'happiness', 'neutral', 'sadness', 'surprise', 'contempt')


def source(path='talk.mp4', end_sec=10.0, video=True, sound=True, size=(360, 288), fps=25.0, start_sec=0.0):
    return SourceInfo(str(path), video, sound, start_sec, end_sec, fps if video else None, size if video else None)


def classifier(names: Sequence[str] = EMOTIONS) -> ModelInfo:
    return ModelInfo('avfmae_b', 'classification', tuple(names), ('video', 'audio'))


def regressor(names: Sequence[str] = ('valence', 'arousal')) -> ModelInfo:
    return ModelInfo('avfmae_b', 'regression', tuple(names), ('video', 'audio'))


def windows(model, track, start_sec, end_sec, *, window_sec=2.56, hop_sec=1.28, missing=(), seed=0):
    """Return windows with scores that drift slowly."""
    starts = np.arange(start_sec, max(end_sec - window_sec, start_sec) + 1e-9, hop_sec)
    drift = np.random.default_rng(seed).normal(size=(len(starts), len(model.names))).cumsum(axis=0)
    scores = np.exp(drift) / np.exp(drift).sum(axis=1, keepdims=True)
    if model.kind == 'regression':
        scores = np.tanh(drift / 4)
    rows = zip(starts.tolist(), scores.tolist(), strict=True)
    return [Window(track, start, start + window_sec, tuple(row), tuple(missing)) for start, row in rows]


def face(number, start_sec, end_sec, place=(180.0, 150.0, 160.0, 0.0), drift=(0.0, 0.0)):
    """Return a track whose square moves by `drift` pixels over its time."""
    times = np.arange(start_sec, end_sec, 0.2)
    share = (times - start_sec) / (end_sec - start_sec)
    places = [(place[0] + s * drift[0], place[1] + s * drift[1], *place[2:]) for s in share.tolist()]
    return Track(number, start_sec, end_sec, tuple(times.tolist()), tuple(places))


def timeline(src, model, tracks=(), windows=(), notes=()):
    """Return a timeline whose answers are the means over the windows of each track."""
    windows = tuple(sorted(windows, key=lambda w: (w.track is None, w.track or 0, w.start_sec)))
    answers = []
    for track in dict.fromkeys(w.track for w in windows):
        scores = np.mean([w.scores for w in windows if w.track == track], axis=0)
        answers.append(Answer(track, tuple(scores.tolist())))
    settings = dict(window_sec=2.56, hop_sec=1.28, detector='CascadeDetector')
    return Timeline(src, model, settings, tuple(tracks), windows, tuple(answers), notes)
