"""Design of the synthetic set: expression, voice and rhythm of each emotion.

Two pairs of emotions share an expression and two other pairs share a voice, so that neither face nor sound alone
distinguishes all six, but both together do. Syllables move the mouth, so rhythm can be seen as well as heard: it is
the same within every pair that shares a cue.
"""

from typing import NamedTuple


class FaceStyle(NamedTuple):
    """An expression at full intensity, in facial action units; 0 is the resting face.

    Brows and lip corners are in face half-widths (positive: up), the others are shares in [0, 1].
    """

    brow_inner: float = 0.0
    brow_outer: float = 0.0
    lid_raise: float = 0.0
    squint: float = 0.0
    corners: float = 0.0
    stretch: float = 0.0
    lip_raise: float = 0.0


class VoiceStyle(NamedTuple):
    """A way of speaking at full intensity, relative to the speaker's neutral voice.

    `pitch_st`, `range_st`, `fall_st`, `tremor_st` are in semitones, `gain_db` in decibels; `effort` and `breath` are in
    [0, 1]: sharpness of the glottal pulse, and share of noise in the source.
    """

    pitch_st: float
    range_st: float
    fall_st: float
    tremor_st: float
    gain_db: float
    effort: float
    breath: float


class Rhythm(NamedTuple):
    """Rhythm of speech: syllables per second, and the probability of a pause after a syllable."""

    rate_hz: float
    pause: float


class Emotion(NamedTuple):
    """The cues of one emotion: names in `FACES`, `VOICES` and `RHYTHMS`."""

    face: str
    voice: str
    rhythm: str


FACES = {
    'scowl': FaceStyle(brow_inner=-0.17, brow_outer=0.03, squint=0.5, corners=-0.09, stretch=-0.15, lip_raise=0.8),
    'worry': FaceStyle(brow_inner=0.20, brow_outer=-0.06, lid_raise=0.5, corners=-0.13, stretch=0.1),
    'smile': FaceStyle(brow_inner=0.04, brow_outer=0.05, squint=0.45, corners=0.20, stretch=0.55, lip_raise=0.3),
    'rest': FaceStyle(),
}

VOICES = {
    'forceful': VoiceStyle(
        pitch_st=6.0, range_st=5.0, fall_st=1.0, tremor_st=0.0, gain_db=-1.0, effort=0.95, breath=0.02
    ),
    'flat': VoiceStyle(pitch_st=-1.0, range_st=1.0, fall_st=1.0, tremor_st=0.0, gain_db=-8.0, effort=0.55, breath=0.05),
    'trembling': VoiceStyle(
        pitch_st=7.0, range_st=2.0, fall_st=-1.5, tremor_st=1.2, gain_db=-9.0, effort=0.4, breath=0.25
    ),
    'subdued': VoiceStyle(
        pitch_st=-3.0, range_st=1.5, fall_st=5.0, tremor_st=0.0, gain_db=-15.0, effort=0.1, breath=0.15
    ),
}

RHYTHMS = {
    'fluent': Rhythm(rate_hz=4.8, pause=0.08),
    'halting': Rhythm(rate_hz=3.4, pause=0.25),
}

EMOTIONS = {
    'anger': Emotion('scowl', 'forceful', 'fluent'),
    'disgust': Emotion('scowl', 'flat', 'fluent'),
    'fear': Emotion('worry', 'trembling', 'halting'),
    'happiness': Emotion('smile', 'forceful', 'fluent'),
    'neutral': Emotion('rest', 'flat', 'fluent'),
    'sadness': Emotion('worry', 'subdued', 'halting'),
}
CLASSES = tuple(EMOTIONS)
