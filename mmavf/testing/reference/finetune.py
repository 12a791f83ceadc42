"""Fine-tuning cases of a reference folder: run the recognizer, compare everything that it computes."""

from collections.abc import Iterator, Mapping

from torch import Tensor

from mmavf.checkpoints.conversion import find_family
from mmavf.models.losses import SoftTargetCrossEntropy
from mmavf.models.recognizers import AVFMAERecognizer
from mmavf.structures import AVDataSample

from .compare import Finding, compare
from .runs import (
    LOSSES,
    OUTPUTS,
    Loader,
    ModelCase,
    Rename,
    Variant,
    check_gradients,
    check_intermediate,
    check_statistics,
    inputs_name,
    load_needed,
    model_inputs,
    record_outputs,
)

OUTPUTS_IN_TRAINING = 2e-4


class FinetuneCase(ModelCase):
    """What is particular to a method's fine-tuning case; attributes as of the base."""

    def check(self, name: str, manifest: Mapping, load: Loader) -> Iterator[Finding]:
        """Compare everything that the folder holds of a case; arguments and errors as of a pre-training case."""
        stored, state = load_needed(load, inputs_name(manifest), f'{name}.state')
        rename = find_family(state).finetuned.to_released
        for variant in self.variants:
            expected, intermediate = load(f'{name}.{variant.name}'), load(f'{name}.{variant.name}_intermediate')
            if not expected and not intermediate:
                continue
            model = self.load_model(variant, state, manifest['constructor_args'])
            inputs = {m: x for m, x in model_inputs(stored).items() if m in model.encoders}
            calls, tolerance = record_outputs(model, self.modules(model)), _tolerance(variant)
            yield from _check_run(model, variant, inputs, expected or {}, rename)
            yield from check_intermediate(
                model.encoders, variant, inputs, calls, self.layout, intermediate or {}, tolerance
            )


def _tolerance(variant: Variant) -> float:
    return OUTPUTS_IN_TRAINING if variant.training else OUTPUTS


def _check_run(
    model: AVFMAERecognizer, variant: Variant, inputs: dict[str, Tensor], expected: dict, rename: Rename
) -> Iterator[Finding]:
    run, tolerance = variant.name, _tolerance(variant)
    output = model(inputs)
    if not expected:
        return
    for name in ('logits', 'feature'):
        yield from compare(f'{run}.{name}', getattr(output, name), expected[name], tolerance)
    samples = [AVDataSample(gt_label=label) for label in expected['label']]
    model.head.loss_function = SoftTargetCrossEntropy(label_smoothing=0)
    loss = model.head.loss(output.logits, samples)
    yield from compare(f'{run}.loss_ce', loss, expected['loss_ce'], tolerance if model.training else LOSSES)
    yield from check_statistics(model, f'{run}.bn_after', expected.get('bn_after', {}), tolerance, rename)
    yield from check_gradients(model, f'{run}.grad', loss, expected['grad'], variant, rename)
