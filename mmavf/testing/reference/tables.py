"""Tables of a released method: which weights fine-tuning takes over, and how fast each of them learns then."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import torch
from mmengine.config import Config
from torch import nn

from mmavf.checkpoints.conversion import find_family
from mmavf.engine.optimizers import DecayOptimWrapperConstructor
from mmavf.registry import MODELS

from .compare import Finding
from .runs import Loader

_RATE, _WEIGHT_DECAY = 1.0, 0.05


class TableCase:
    """A case that needs nothing of a folder but its table."""

    def read(self, name: str, load: Loader) -> dict:
        """Return the table.

        Raises:
            FileNotFoundError: It is missing.
        """
        table = load(name)
        if table is None:
            raise FileNotFoundError(f'{name}.json is missing: nothing can be compared')
        return table


@dataclass(frozen=True)
class LayerDecayCase(TableCase):
    """The table `<name>.json` of the rate and the weight decay of each parameter in fine-tuning.

    Attributes:
        finetune: Config of the model and its `optim_wrapper`.
    """

    finetune: Path

    def check(self, name: str, manifest: Mapping, load: Loader) -> Iterator[Finding]:
        """Compare the parameters' names, rates and weight decay; errors as of the other cases."""
        table = self.read(name, load)
        cfg = Config.fromfile(self.finetune)
        model = _on_meta(cfg)
        rename = find_family(table['params']).finetuned.to_ours
        expected = {rename(released): entry for released, entry in table['params'].items()}
        found = _settings(model, cfg.optim_wrapper.get('paramwise_cfg', {}), table['layer_decay'])
        yield _names_finding('names', found, expected)
        common = expected.keys() & found.keys()
        scales = {n: table['lr_scale_by_layer_id'][expected[n]['layer_id']] for n in common}
        yield Finding('lr_scale', max(abs(found[n][0] / scales[n] - 1) for n in common), 1e-9, relative=True)
        yield Finding('weight_decay', max(abs(found[n][1] - expected[n]['weight_decay']) for n in common), 0.0)


@dataclass(frozen=True)
class TransferCase(TableCase):
    """The table `<name>.json` of the weights that fine-tuning takes from a pre-trained model.

    Attributes:
        pretrain: Config of the pre-trained model.
        finetune: Config of the fine-tuned one.
        options: Overrides of the pre-trained model's config.
    """

    pretrain: Path
    finetune: Path
    options: Mapping[str, object] = field(default_factory=dict)

    def check(self, name: str, manifest: Mapping, load: Loader) -> Iterator[Finding]:
        """Compare which weights are taken over, new, unused, of another shape; errors as of the other cases."""
        table = self.read(name, load)
        cfg = Config.fromfile(self.pretrain)
        cfg.merge_from_dict(dict(self.options))
        before, after = _shapes(_on_meta(cfg)), _shapes(_on_meta(Config.fromfile(self.finetune)))
        family = find_family(before, to_released=True)
        mismatch = {n for n in before if n in after and before[n] != after[n]}
        taken = before.keys() & after.keys()
        # the methods without sound have no `encoder.` in names of fine-tuned models, which the rule takes off
        top = 'encoder.' if 'rule' in table else ''
        for quantity, names, to_released in (
            ('matched', taken - mismatch, family.finetuned.to_released),
            ('shape_mismatch', mismatch, family.finetuned.to_released),
            ('missing_in_pretrain', after.keys() - taken, family.finetuned.to_released),
            ('unused_from_pretrain', before.keys() - taken, family.pretrained.to_released),
        ):
            released = {to_released(n).removeprefix(top) for n in names}
            yield _names_finding(quantity, released, table[quantity])


def _on_meta(cfg: Config) -> nn.Module:
    """Build the model of a config without memory; its number of classes does not matter."""
    if 'head' in cfg.model:
        cfg.model.head.setdefault('num_classes', 11)
    with torch.device('meta'):
        return MODELS.build(cfg.model)


def _settings(model: nn.Module, paramwise_cfg: Mapping, layer_decay: float) -> dict[str, tuple[float, float]]:
    """Return the rate, relative to the head's, and the weight decay of each parameter."""
    optimizer = dict(type='AdamW', lr=_RATE, weight_decay=_WEIGHT_DECAY)
    constructor = DecayOptimWrapperConstructor(
        dict(type='OptimWrapper', optimizer=optimizer), {**paramwise_cfg, 'layer_decay_rate': layer_decay}
    )
    groups = constructor(model).optimizer.param_groups
    names = {id(parameter): name for name, parameter in model.named_parameters()}
    return {names[id(p)]: (group['lr'], group['weight_decay']) for group in groups for p in group['params']}


def _shapes(model: nn.Module) -> dict[str, torch.Size]:
    return {name: value.shape for name, value in model.state_dict().items()}


def _names_finding(quantity: str, found: Iterable[str], expected: Iterable[str]) -> Finding:
    """Count the names that only one side has."""
    return Finding(f'{quantity} (names that differ)', len({*found} ^ {*expected}), 0)
