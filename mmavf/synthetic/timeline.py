"""Timeline of a clip: syllables, rise and fall of the expression, blinks, head pose."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.interpolate import PchipInterpolator

from .emotions import EMOTIONS, FACES, RHYTHMS, Rhythm
from .subjects import Subject

VOWELS = ('a', 'e', 'i', 'o', 'u')
VOWEL_OPENING = (1.0, 0.7, 0.45, 0.75, 0.4)  # of the mouth, as a share
VOWEL_ROUNDING = (0.0, -0.2, -0.4, 0.6, 0.9)  # of the lips; negative: spread


class Syllable(NamedTuple):
    """One syllable: times in seconds, stress in (0, 1], `vowel` an index into `VOWELS`."""

    start_sec: float
    length_sec: float
    stress: float
    vowel: int
    fricative: bool


@dataclass(frozen=True)
class Performance:
    """One acted clip: what drives face and voice.

    `intensity` in [0, 1] is how strongly the emotion shows. `motion` maps a movement's name to its value per video
    frame, float64 (T,).
    """

    subject: Subject
    emotion: str
    length_sec: float
    intensity: float
    syllables: tuple[Syllable, ...]
    motion: dict[str, np.ndarray]

    @property
    def frames(self) -> int:
        """Number of video frames."""
        return len(self.motion['opening'])


def smooth_noise(rng: np.random.Generator, times: np.ndarray, period_sec: float, scale: float) -> np.ndarray:
    """Return a smooth random curve at `times` (N,): a monotone cubic through normal draws every `period_sec`."""
    knots = np.arange(0.0, times[-1] + 2.0 * period_sec, period_sec)
    return PchipInterpolator(knots, rng.normal(0.0, scale, len(knots)))(times)


def speech_envelope(syllables: tuple[Syllable, ...], times: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return at `times` (N,) the sum of one bump per syllable, scaled by `weights` (one per syllable)."""
    envelope = np.zeros_like(times)
    for syllable, weight in zip(syllables, weights, strict=True):
        first, last = np.searchsorted(times, (syllable.start_sec, syllable.start_sec + syllable.length_sec))
        phase = (times[first:last] - syllable.start_sec) / syllable.length_sec
        envelope[first:last] += weight * np.sin(np.pi * phase) ** 1.5
    return envelope


def plan_syllables(rng: np.random.Generator, rhythm: Rhythm, length_sec: float) -> tuple[Syllable, ...]:
    """Draw syllables that fill the clip but for short silences at both ends."""
    syllables: list[Syllable] = []
    rate_hz = rhythm.rate_hz * rng.uniform(0.85, 1.15)
    now = rng.uniform(0.1, 0.3)
    end = length_sec - rng.uniform(0.1, 0.3)
    while True:
        step = rng.uniform(0.75, 1.3) / rate_hz
        if now + step > end:
            return tuple(syllables)
        # A syllable reaches a little into the next one, so that the voice does not stop within a phrase.
        syllables.append(
            Syllable(now, 1.15 * step, rng.uniform(0.55, 1.0), int(rng.integers(len(VOWELS))), rng.uniform() < 0.3)
        )
        now += step + (rng.uniform(0.2, 0.45) if rng.uniform() < rhythm.pause else 0.0)


def perform(seed: int, number: int, subject: Subject, emotion: str, frames: int, fps: int) -> Performance:
    """Draw clip `number` (from 0) of the set with this seed.

    Args:
        seed: Seed of the whole set.
        number: Place of the clip in the set.
        subject: Who acts.
        emotion: What is acted, a key of `EMOTIONS`.
        frames: Number of video frames.
        fps: Video frames per second.
    """
    rng = np.random.default_rng((seed, 1, number))
    cues = EMOTIONS[emotion]
    intensity = rng.uniform(0.5, 1.0)
    times = np.arange(frames) / fps
    syllables = plan_syllables(rng, RHYTHMS[cues.rhythm], frames / fps)
    shown = intensity * _rise_and_fall(rng, times)
    style = FACES[cues.face]
    # Per clip, each movement is done more or less strongly, and some of it comes without an emotion.
    motion = {name: shown * value * rng.uniform(0.6, 1.3) for name, value in style._asdict().items()}
    for name, scale in (('brow_inner', 0.03), ('brow_outer', 0.025), ('corners', 0.025), ('stretch', 0.1)):
        motion[name] = motion[name] + rng.normal(0.0, scale) + smooth_noise(rng, times, 0.7, 0.4 * scale)
    motion['brow_inner'] += subject.rest_brow
    motion['corners'] += subject.rest_corners
    motion.update(_mouth(rng, syllables, times))
    motion['blink'] = _blinks(rng, times)
    motion.update(_pose(rng, times))
    return Performance(subject, emotion, frames / fps, intensity, syllables, motion)


def _rise_and_fall(rng: np.random.Generator, times: np.ndarray) -> np.ndarray:
    """An expression over time, (T,) in [0, 1]: it rises early, holds with small changes, and falls near the end."""
    end = times[-1]
    onset, offset = rng.uniform(0.0, 0.4), end - rng.uniform(0.0, 0.5)
    rise, fall = rng.uniform(0.25, 0.6, size=2)
    up = np.clip((times - onset) / rise, 0.0, 1.0)
    down = np.clip((offset - times) / fall, 0.0, 1.0)
    hold = np.clip(1.0 + smooth_noise(rng, times, 0.5, 0.1), 0.7, 1.2)
    held = hold * (1.0 - np.cos(np.pi * up)) * (1.0 - np.cos(np.pi * down)) / 4.0
    return np.clip(held, 0.0, 1.0)


def _mouth(rng: np.random.Generator, syllables: tuple[Syllable, ...], times: np.ndarray) -> dict[str, np.ndarray]:
    """Opening of the mouth in [0, 1] and rounding of the lips, (T,) each, both led by the syllables."""
    vowels = np.array([syllable.vowel for syllable in syllables], dtype=int)
    stress = np.array([syllable.stress for syllable in syllables])
    opening = speech_envelope(syllables, times, stress * np.take(VOWEL_OPENING, vowels))
    rounding = speech_envelope(syllables, times, np.take(VOWEL_ROUNDING, vowels))
    return {'opening': np.clip(rng.uniform(0.7, 1.0) * opening, 0.0, 1.0), 'rounding': np.clip(rounding, -1.0, 1.0)}


def _blinks(rng: np.random.Generator, times: np.ndarray) -> np.ndarray:
    """Closure of the lids in [0, 1], (T,): a blink of 0.24 s every 1.2 to 3 s."""
    closure = np.zeros_like(times)
    now = rng.uniform(0.2, 2.0)
    while now < times[-1]:
        closure = np.maximum(closure, np.clip(1.6 * (1.0 - np.abs(times - now) / 0.12), 0.0, 1.0))
        now += rng.uniform(1.2, 3.0)
    return closure


def _pose(rng: np.random.Generator, times: np.ndarray) -> dict[str, np.ndarray]:
    """Head angles in radians, place in face half-widths, and gaze, (T,) each.

    As in the clips of real sets, which are cropped around the face, place and size change little.
    """
    pose = {
        'yaw': rng.normal(0.0, 0.03) + smooth_noise(rng, times, 0.8, 0.024),
        'pitch': rng.normal(0.0, 0.018) + smooth_noise(rng, times, 0.6, 0.018),
        'roll': rng.normal(0.0, 0.015) + smooth_noise(rng, times, 0.9, 0.015),
        'shift_x': rng.normal(0.0, 0.009) + smooth_noise(rng, times, 1.0, 0.006),
        'shift_y': rng.normal(0.0, 0.006) + smooth_noise(rng, times, 1.0, 0.0045),
        'gaze_x': smooth_noise(rng, times, 0.5, 0.2),
        'gaze_y': smooth_noise(rng, times, 0.7, 0.12),
    }
    pose['size'] = np.full_like(times, rng.uniform(0.98, 1.02))
    return pose
