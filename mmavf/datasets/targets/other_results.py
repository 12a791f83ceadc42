"""Published results of methods that are not in the tables of the AVF-MAE++ paper, by target.

They are as published, each with its own data, inputs and way to choose the checkpoint, and are not to be compared
without a look at both.
"""

from typing import Any

from .card import Result

_MIRA: dict[str, Any] = dict(
    kind='video, masked pre-training on VoxCeleb2', protocol='224 pixels, faces not aligned', year=2026
)
_CLAIP: dict[str, Any] = dict(kind='audio-visual, from CLIP (ViT-L/14) and CLAP', year=2026)
_FAVCHAT: dict[str, Any] = dict(kind='video, large language model', year=2025)
_HUMAN_OMNI: dict[str, Any] = dict(kind='audio-visual, large language model', protocol='folds not stated', year=2025)
_RA_ICL: dict[str, Any] = dict(kind='video, supervised, without apex frames', year=2026)
_MASKED_VIDEO = 'video, masked pre-training on VoxCeleb2'

DFEW = (
    Result(
        'MMA-DFER',
        (67.01, 77.51),
        kind='audio-visual, from MAE-Face and AudioMAE',
        protocol='final epoch, 25; other copies of the paper are quoted with 66.85/77.43 and 66.01/77.51',
        year=2024,
    ),
    Result('MiRA ViT-H', (68.25, 78.24), **_MIRA),
    Result('MiRA ViT-B', (65.29, 75.86), **_MIRA),
    Result('CLAIP-Emo', (None, 80.14), **_CLAIP),
    Result('FaVChat-7B', (70.01, 79.79), **_FAVCHAT, protocol='zero-shot; another copy is quoted with UAR 68.17'),
    Result('HumanOmni-7B', (74.86, 82.46), **_HUMAN_OMNI),
)
MAFW11 = (
    Result('MiRA ViT-H', (48.22, 61.45), **_MIRA),
    Result('MiRA ViT-B', (45.24, 58.69), **_MIRA),
    Result('CLAIP-Emo', (None, 61.18), **_CLAIP),
    Result('FaVChat-7B', (51.09, 62.17), **_FAVCHAT, protocol='zero-shot; another copy is quoted with UAR 49.07'),
    Result('HumanOmni-7B', (52.94, 68.40), **_HUMAN_OMNI),
    Result('UMBEnet', (46.92, None), kind='multimodal', year=2024),
)
CASME2 = (Result('Ra-ICL', (96.20,), **_RA_ICL),)
SAMM = (Result('Ra-ICL', (86.68,), **_RA_ICL),)
SMIC = (Result('Ra-ICL', (81.79,), **_RA_ICL),)
CASME3 = (Result('Ra-ICL', (75.85,), **_RA_ICL), Result('Lite-Point-GCN', (68.19,)))
FERV39K = (
    Result('UniLearn', (None, 53.65), kind='video, masked pre-training, trained with expression images too', year=2024),
    Result('MAE-DFER-B', (43.12, 52.07), kind=_MASKED_VIDEO, protocol='last epoch', year=2023),
    Result('SVFAP-B', (42.14, 52.29), kind=_MASKED_VIDEO, year=2024),
    Result('VideoMAE-B', (43.33, 52.39), kind=_MASKED_VIDEO, protocol='as reported with MAE-DFER', year=2023),
    Result('VideoMAE-B', (38.50, 49.61), kind='video, as released', protocol='as reported with MAE-DFER', year=2023),
)
