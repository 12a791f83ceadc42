"""The README's example of a component of one's own works as printed."""

import os
import re
import subprocess
import sys

from mmengine.config import Config

from tests.helpers.models import ROOT


def test_the_config_of_ones_own_list_is_a_fine_tuning():
    (printed,) = re.findall(r'```python\n(_base_[^`]*list_settings[^`]*)```', (ROOT / 'README.md').read_text())
    config = Config.fromstring(printed.replace("'configs/", f"'{ROOT}/configs/"), '.py')
    assert config.model.type == 'AVFMAERecognizer' and config.model.head.num_classes == 2
    assert config.test_dataloader.dataset.data_root == '/data/mine'
    assert config.test_dataloader.dataset.split.column == 'subject' and config.protocol.stage == 'finetune'


def test_the_component_of_the_readme_is_swapped_in(tmp_path):
    section = (ROOT / 'README.md').read_text().split('\n## Swap a component\n')[1]
    component, config = re.findall(r'```python\n(.*?)```', section, flags=re.DOTALL)
    (tmp_path / 'row_mask.py').write_text(component)
    (tmp_path / 'mine.py').write_text(config.replace("'configs/", f"'{ROOT}/configs/"))
    code = (
        'import torch\nfrom mmengine.config import Config\nfrom mmavf.registry import MODELS\n'
        "model = MODELS.build(Config.fromfile('mine.py').model)\n"
        'inputs = dict(video=torch.zeros(2, 3, 4, 96, 96), audio=torch.zeros(2, 1, 256, 128))\n'
        "seen = model(inputs).masks['video'].keep_ids // 6 % 6\n"
        "print(type(model.masker.encoder_masks['video']).__name__, seen.max().item())\n"
    )
    env = {**os.environ, 'PYTHONPATH': f'{ROOT}{os.pathsep}{tmp_path}'}
    done = subprocess.run(
        [sys.executable, '-c', code], cwd=tmp_path, env=env, capture_output=True, text=True, timeout=120
    )
    assert done.stdout.split() == ['FirstRowsMask', '1'], done.stderr
