"""Small models of all methods, for tests."""

from mmengine.config import Config
from mmengine.utils import import_modules_from_strings

from mmavf.registry import MODELS

from .models import ROOT, build_pretrainer, build_recognizer

BASELINES = {
    'HiCMAE': 'projects/hicmae/configs/_base_/hicmae_s',
    'MAE-DFER': 'projects/mae_dfer/configs/_base_/mae_dfer_b',
    'VideoMAE': 'projects/videomae/configs/_base_/videomae_v2_s',
    'SVFAP': 'projects/svfap/configs/_base_/svfap_s',
}


def build_baseline(family: str, stage: str):
    """A method's model, small and shallow; `stage` is '' for pre-training or '_finetune'."""
    if family == 'AVF-MAE++':
        return build_recognizer() if stage == '_finetune' else build_pretrainer()
    config = Config.fromfile(str(ROOT / f'{BASELINES[family]}{stage}.py'))
    import_modules_from_strings(config.get('custom_imports', {}).get('imports', []))
    return MODELS.build(_shrunk(config.model))


def _shrunk(config):
    """Return the config of a model with 32 channels and few blocks."""
    small = dict(embed_dims=32, num_heads=2, depths=(2, 2, 2), num_classes=5)
    small['depth'] = 2
    for key, value in config.items():
        if isinstance(value, dict):
            _shrunk(value)
        elif key in small:
            config[key] = small[key]
        elif key == 'out_indices':
            config[key] = (0, 1)
    if config.get('type') == 'ClassificationHead':
        config['num_classes'] = 5
    return config
