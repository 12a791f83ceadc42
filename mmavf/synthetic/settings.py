"""Settings of the synthetic set."""

from dataclasses import dataclass

from mmavf.errors import ConfigError

from .emotions import CLASSES

FOLDS = 4


@dataclass(frozen=True)
class SyntheticSettings:
    """Settings that determine the content of a synthetic set.

    Attributes:
        clips: Number of clips.
        subjects: Number of subjects, at least `FOLDS`.
        seed: Seed, not negative.
        seconds: Shortest and longest length of a clip; lengths are uniform between them, in whole frames.
        size: Height and width of the video in pixels, even.
        fps: Video frames per second.

    Raises:
        ConfigError: If a value is out of range.
    """

    clips: int = 240
    subjects: int = 12
    seed: int = 0
    seconds: tuple[float, float] = (3.0, 4.0)
    size: int = 160
    fps: int = 25

    def __post_init__(self) -> None:
        low, high = self.seconds
        rules = (
            (self.subjects >= FOLDS, f'subjects must be at least {FOLDS} (one per fold), got {self.subjects}'),
            (
                self.clips >= self.subjects * len(CLASSES),
                f'clips must be at least {len(CLASSES)} per subject, got {self.clips} for {self.subjects} subjects',
            ),
            (self.seed >= 0, f'seed must not be negative, got {self.seed}'),
            (1.0 <= low <= high, f'seconds must be two ascending lengths of at least 1, got {low} {high}'),
            (self.size >= 32 and self.size % 2 == 0, f'size must be even and at least 32, got {self.size}'),
            (self.fps >= 5, f'fps must be at least 5, got {self.fps}'),
        )
        for holds, rule in rules:
            if not holds:
                raise ConfigError(f'Synthetic set: {rule}.')
