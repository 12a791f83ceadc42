"""Size and speed of the models of an ablation."""

from collections.abc import Iterable
from pathlib import Path
from statistics import median
from typing import Any

import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope

from mmavf.files.json_lines import read_json_lines
from mmavf.models.complexity import count_flops, count_parameters
from mmavf.registry import MODELS

SPEED, MEMORY = 'clips_per_sec', 'memory'


def model_figures(cfg: Config, folders: Iterable[Path]) -> dict[str, float]:
    """Return what a model costs.

    Args:
        cfg: Config of the fine-tuning.
        folders: Of its trainings.

    Returns:
        `parameters`; `gflop`, forward for one clip, of a model whose encoders tell the sizes of their inputs;
        `clips_per_sec`, the median over all intervals that the trainings logged, waiting for data included; `memory`,
        the peak in MiB, of the device or without one of the process. The last two as far as they were logged.
    """
    with DefaultScope.overwrite_default_scope(cfg.get('default_scope')), torch.device('meta'):
        model = MODELS.build(cfg.model).to('meta')
    figures: dict[str, float] = dict(parameters=count_parameters(model)[''])
    if hasattr(model, 'encoders'):
        figures['gflop'] = count_flops(model)[''] / 1e9
    logged = [line for folder in folders for line in _logged(folder)]
    if logged:
        figures |= {SPEED: median(line[SPEED] for line in logged), MEMORY: max(line[MEMORY] for line in logged)}
    return figures


def _logged(folder: Path) -> list[dict[str, Any]]:
    """Return the lines of a training's log that tell speed and memory."""
    logs = sorted(folder.glob('*/vis_data/scalars.json'))
    return [line for log in logs for line in read_json_lines(log).values if SPEED in line and MEMORY in line]
