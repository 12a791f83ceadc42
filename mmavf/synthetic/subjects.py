"""Subjects of the synthetic set: looks, room and voice, the same in all clips of a subject."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

Color = tuple[int, int, int]
T = TypeVar('T')

SKINS = ((255, 224, 196), (241, 194, 155), (224, 172, 120), (198, 134, 84), (162, 106, 70), (122, 80, 58))
HAIRS = ((28, 24, 26), (62, 40, 28), (112, 72, 42), (186, 146, 84), (150, 70, 36), (168, 164, 160))
DARK_HAIRS = (HAIRS[0], HAIRS[1], HAIRS[5])
EYES = ((70, 110, 150), (86, 122, 72), (92, 60, 34), (56, 40, 30), (110, 124, 130))
CLOTHES = ((52, 74, 110), (126, 48, 52), (58, 98, 72), (70, 66, 76), (170, 130, 70), (196, 196, 190))
ROOMS = ((176, 190, 200), (206, 194, 172), (150, 168, 150), (120, 128, 150), (196, 170, 160), (92, 98, 104))
HAIR_STYLES = ('short', 'fringe', 'curly', 'cropped', 'long', 'parted')


@dataclass(frozen=True)
class Subject:
    """One person.

    Lengths are in face half-widths, colours are RGB, `tract` scales all formants (a short vocal tract is above 1),
    `rest_brow` and `rest_corners` are the resting face's own offsets, `light` is where the light comes from,
    `furniture` a seed.
    """

    name: str
    skin: Color
    hair: Color
    hair_style: str
    eyes: Color
    clothes: Color
    room: Color
    furniture: int
    face_length: float
    jaw: float
    eye_size: float
    eye_gap: float
    brow_width: float
    nose_length: float
    lip_width: float
    mouth_width: float
    rest_brow: float
    rest_corners: float
    beard: float
    glasses: bool
    light: tuple[float, float]
    f0_hz: float
    tract: float
    loudness_db: float


def make_subject(seed: int, number: int) -> Subject:
    """Draw subject `number` (from 0) of the set with this seed, independently of other subjects."""
    rng = np.random.default_rng((seed, 0, number))
    pitch = rng.uniform()  # 0: a deep voice and a long vocal tract, 1: a high voice and a short one

    def pick(options: Sequence[T]) -> T:
        """Draw one of the options."""
        return options[int(rng.integers(len(options)))]

    tone = int(rng.integers(len(SKINS)))
    styles = HAIR_STYLES[:4] if pitch < 0.5 else HAIR_STYLES[1:]
    return Subject(
        name=f's{number + 1:02d}',
        skin=SKINS[tone],
        hair=pick(HAIRS if tone < 3 else DARK_HAIRS),
        hair_style=pick(styles),
        eyes=pick(EYES),
        clothes=pick(CLOTHES),
        room=pick(ROOMS),
        furniture=int(rng.integers(2**31)),
        face_length=rng.uniform(1.22, 1.38),
        jaw=rng.uniform(0.66, 0.86) - 0.06 * pitch,
        eye_size=rng.uniform(0.19, 0.235),
        eye_gap=rng.uniform(0.38, 0.44),
        brow_width=rng.uniform(0.055, 0.10) - 0.02 * pitch,
        nose_length=rng.uniform(0.30, 0.42),
        lip_width=rng.uniform(0.06, 0.105),
        mouth_width=rng.uniform(0.32, 0.40),
        rest_brow=rng.normal(0.0, 0.035),
        rest_corners=rng.normal(0.0, 0.035),
        beard=rng.uniform(0.25, 0.6) if pitch < 0.5 and rng.uniform() < 0.6 else 0.0,
        glasses=bool(rng.uniform() < 0.25),
        light=(rng.uniform(-0.8, 0.8), rng.uniform(-0.8, -0.2)),
        f0_hz=95.0 * 2.0 ** (1.15 * pitch + rng.normal(0.0, 0.05)),
        tract=0.92 + 0.22 * pitch + rng.normal(0.0, 0.02),
        loudness_db=rng.normal(0.0, 2.0),
    )
