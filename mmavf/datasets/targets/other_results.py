"""Published results of methods that are not in the tables of the AVF-MAE++ paper, by target.

They are as published, each with its own data, inputs and way to choose the checkpoint, and are not to be compared
without a look at both.
"""

from typing import Any

from .card import Result

_MIRA: dict[str, Any] = dict(
    kind='video, masked pre-training on VoxCeleb2', protocol='224 pixels, faces not aligned', year=2026
)
_CLAIP: dict[str, Any] = dict(kind='audio-visual, from CLIP and CLAP', protocol='as quoted by others', year=2026)
_VIDEO_LLM: dict[str, Any] = dict(kind='video, large language model')
_AV_LLM: dict[str, Any] = dict(kind='audio-visual, large language model')
_MASKED_VIDEO = 'video, masked pre-training on VoxCeleb2'

DFEW = (
    Result(
        'MMA-DFER',
        (67.01, 77.51),
        kind='audio-visual',
        protocol='final epoch, 25; other copies of the paper are quoted with 66.85/77.43 and 66.01/77.51',
        year=2024,
    ),
    Result('MiRA ViT-H', (68.25, 78.24), **_MIRA),
    Result('MiRA ViT-B', (65.29, 75.86), **_MIRA),
    Result('CLAIP-Emo', (None, 80.14), **_CLAIP),
    Result('FaVChat-7B', (70.01, 79.79), **_VIDEO_LLM),
    Result('HumanOmni-7B', (74.86, 82.46), **_AV_LLM, protocol='folds not stated'),
)
MAFW11 = (
    Result('MiRA ViT-H', (48.22, 61.45), **_MIRA),
    Result('MiRA ViT-B', (45.24, 58.69), **_MIRA),
    Result('CLAIP-Emo', (None, 61.18), **_CLAIP),
    Result('FaVChat', (51.09, 62.17), **_VIDEO_LLM),
    Result('HumanOmni', (52.94, 68.40), **_AV_LLM, protocol='folds not stated'),
    Result('UMBEnet', (46.92, None)),
)
CASME2 = (Result('Ra-ICL', (96.20,), year=2026),)
SAMM = (Result('Ra-ICL', (86.68,), year=2026),)
SMIC = (Result('Ra-ICL', (81.79,), year=2026),)
CASME3 = (Result('Ra-ICL', (75.85,), year=2026), Result('Lite-Point-GCN', (68.19,)))
FERV39K = (
    Result('MAE-DFER-B', (43.12, 52.07), kind=_MASKED_VIDEO, protocol='last epoch', year=2023),
    Result('SVFAP-B', (42.14, 52.29), kind=_MASKED_VIDEO),
    Result('VideoMAE-B', (43.33, 52.39), kind=_MASKED_VIDEO, protocol='as reported with MAE-DFER', year=2023),
    Result('VideoMAE-B', (38.50, 49.61), kind='video, as released', protocol='as reported with MAE-DFER', year=2023),
)
