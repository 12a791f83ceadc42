"""Voice of a performance: a glottal pulse train through the formants of five vowels, with noise and pauses."""

from collections.abc import Callable

import numpy as np
from scipy.signal import butter, lfilter, sosfilt

from .emotions import EMOTIONS, VOICES, VoiceStyle
from .timeline import VOWELS, Performance, smooth_noise, speech_envelope

SAMPLE_RATE_HZ = 16000  # that of the models, so that nobody has to resample
# Formant frequencies of a long vocal tract in Hz (Peterson and Barney 1952, rounded), and their bandwidths.
_FORMANTS_HZ = {
    'a': (730, 1090, 2440, 3400, 4400, 5500),
    'e': (530, 1840, 2480, 3500, 4400, 5500),
    'i': (270, 2290, 3010, 3600, 4400, 5500),
    'o': (570, 840, 2410, 3300, 4400, 5500),
    'u': (300, 870, 2240, 3200, 4400, 5500),
}
_BANDWIDTHS_HZ = (80, 100, 140, 200, 300, 400)
_CONTROL_HZ = 400  # rate of slow curves such as pitch and loudness


def speak(performance: Performance, rng: np.random.Generator) -> np.ndarray:
    """Return the sound of a performance.

    Args:
        performance: Who speaks which syllables with which emotion.
        rng: Source of what differs from clip to clip: melody, room noise.

    Returns:
        Mono float32 (samples,) in (-1, 1) at `SAMPLE_RATE_HZ`, exactly as long as the performance.
    """
    style = VOICES[EMOTIONS[performance.emotion].voice]
    intensity = performance.intensity * rng.uniform(0.7, 1.2)
    samples = round(performance.length_sec * SAMPLE_RATE_HZ)
    control = np.arange(0.0, performance.length_sec + 2.0 / _CONTROL_HZ, 1.0 / _CONTROL_HZ)
    times = np.arange(samples) / SAMPLE_RATE_HZ

    def stretch(curve: np.ndarray) -> np.ndarray:
        """Return a curve of the control rate at the rate of the samples."""
        return np.interp(times, control, curve)

    pitch_hz = performance.subject.f0_hz * 2.0 ** (_melody(performance, style, intensity, control, rng) / 12.0)
    effort = np.clip(0.5 + intensity * (style.effort - 0.5) + rng.normal(0.0, 0.06), 0.05, 1.0)
    source = _glottal_source(stretch(pitch_hz), effort, style.breath * intensity, rng)
    stress = np.array([syllable.stress for syllable in performance.syllables])
    loudness = np.sqrt(speech_envelope(performance.syllables, control, stress))
    voiced = _vocal_tract(source, performance, control, stretch) * stretch(loudness)
    voiced /= np.sqrt(np.mean(voiced**2)) + 1e-9
    level_db = -17.0 + performance.subject.loudness_db + intensity * style.gain_db + rng.normal(0.0, 1.0)
    hiss = _fricatives(performance, times, rng)
    noise = 10.0 ** (rng.uniform(-66.0, -52.0) / 20.0) * _pink(rng.normal(size=samples))
    sound = 10.0 ** (level_db / 20.0) * (voiced + 0.25 * hiss) + noise
    return np.tanh(sound).astype(np.float32)


def _melody(
    performance: Performance, style: VoiceStyle, intensity: float, times: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Pitch over time in semitones above the subject's own: register, accents, fall over the clip, tremor, jitter."""
    accents = rng.normal(0.3, 0.5, len(performance.syllables))
    progress = times / performance.length_sec
    melody = rng.normal(0.0, 0.7) + intensity * style.pitch_st - 2.0 * progress
    melody = melody - intensity * style.fall_st * (progress - 0.5)
    # A resting voice has a melody of 2 semitones; the emotion narrows or widens it.
    span = max(0.3, 2.0 + intensity * (style.range_st - 2.0))
    melody += span * speech_envelope(performance.syllables, times, accents)
    tremor_hz = rng.uniform(5.5, 7.5)
    melody += intensity * style.tremor_st * np.sin(2.0 * np.pi * (tremor_hz * times + rng.uniform()))
    return melody + smooth_noise(rng, times, 0.3, 0.3) + rng.normal(0.0, 0.08, len(times))


def _glottal_source(pitch_hz: np.ndarray, effort: float, breath: float, rng: np.random.Generator) -> np.ndarray:
    """Derivative of the glottal flow, (samples,): more effort makes its pulses shorter and sharper."""
    phase = np.cumsum(pitch_hz) / SAMPLE_RATE_HZ % 1.0
    opened = np.minimum(phase / (0.75 - 0.3 * effort), 1.0)
    pulses = 2.0 * opened - 3.0 * opened**2
    pulses[opened >= 1.0] = 0.0
    # Without effort the vocal folds close softly, which a one-pole low-pass imitates.
    pole = np.exp(-2.0 * np.pi * (600.0 + 4400.0 * effort**2) / SAMPLE_RATE_HZ)
    soft = lfilter([1.0 - pole], [1.0, -pole], pulses)
    return soft + (0.02 + breath) * soft.std() * rng.normal(size=len(soft))


def _vocal_tract(
    source: np.ndarray, performance: Performance, control: np.ndarray, stretch: Callable[[np.ndarray], np.ndarray]
) -> np.ndarray:
    """Filter the source by each vowel and cross-fade between vowels along the syllables."""
    spoken = np.array([syllable.vowel for syllable in performance.syllables])
    weights = {
        vowel: 0.02 + speech_envelope(performance.syllables, control, (spoken == number).astype(float))
        for number, vowel in enumerate(VOWELS)
        if number in spoken
    }
    total = sum(weights.values())
    return sum(
        stretch(weight / total) * sosfilt(_resonators(vowel, performance.subject.tract), source)
        for vowel, weight in weights.items()
    )


def _resonators(vowel: str, tract: float) -> np.ndarray:
    """Second-order sections (6, 6) of a vowel's formants, each with gain 1 at 0 Hz."""
    frequencies = tract * np.array(_FORMANTS_HZ[vowel])
    radius = np.exp(-np.pi * np.array(_BANDWIDTHS_HZ) / SAMPLE_RATE_HZ)
    first = -2.0 * radius * np.cos(2.0 * np.pi * frequencies / SAMPLE_RATE_HZ)
    second = radius**2
    zeros, ones = np.zeros_like(first), np.ones_like(first)
    return np.stack([1.0 + first + second, zeros, zeros, ones, first, second], axis=1)


def _fricatives(performance: Performance, times: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Short bursts of high-passed noise at the start of some syllables, (samples,)."""
    bursts = tuple(s._replace(length_sec=0.09) for s in performance.syllables if s.fricative)
    envelope = speech_envelope(bursts, times, np.ones(len(bursts)))
    return envelope * sosfilt(
        butter(2, 3500.0, 'highpass', fs=SAMPLE_RATE_HZ, output='sos'), rng.normal(size=len(times))
    )


def _pink(white: np.ndarray) -> np.ndarray:
    """Make noise fall by about 3 dB an octave, at unit power."""
    pink = lfilter([0.05, -0.04], [1.0, -1.94, 0.941], white)
    return pink / pink.std()
