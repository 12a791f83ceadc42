"""The fine-tuning cases of a reference folder: run the recognizer, compare everything that it computes."""

from collections.abc import Iterator

from reference_compare import Finding, compare
from reference_models import build_recognizer
from reference_runs import (
    Loader,
    Rename,
    check_gradients,
    check_statistics,
    full_precision,
    load_needed,
    model_inputs,
    record_outputs,
)
from torch import Tensor

from mmavf.checkpoints.conversion import convert_state_dict, find_family, mmavf_to_released
from mmavf.models.losses import SoftTargetCrossEntropy
from mmavf.models.recognizers import AVFMAERecognizer
from mmavf.structures import AVDataSample

# batch statistics over a few nearly equal tokens amplify rounding: in training the reference's own refined tokens, in
# float32, are 4e-4 away from the same computation in float64
REFINED_IN_TRAINING = 1e-3
REFINEMENT = 'encoder_fusion.Iterative_Refinement_Module'
TOKEN_TYPES = {'eval': 'region', 'eval_org': 'local', 'eval_all': 'all'}


def check_audio_visual(case: dict, load: Loader) -> Iterator[Finding]:
    """Compare everything that the folder holds of the case `avf_finetune`.

    Args:
        case: The case's part of the manifest.
        load: Reads `<name>.pth` of the folder, None where it is missing.

    Raises:
        FileNotFoundError: Without state or inputs nothing can be compared.
    """
    stored, state = load_needed(load, 'inputs', 'avf_finetune.state')
    model, inputs = build_recognizer(case['constructor_args']), model_inputs(stored)
    calls = record_outputs(model, _modules(model))
    for run, tolerance, gradient_tolerance in (('eval', 2e-5, 1e-4), ('train', 2e-4, 5e-4)):
        expected, intermediate = load(f'avf_finetune.{run}'), load(f'avf_finetune.{run}_intermediate')
        model.load_state_dict(convert_state_dict(full_precision(state)))
        model.train(run == 'train')
        for outputs in calls.values():
            outputs.clear()
        yield from _check_run(model, run, inputs, expected, (tolerance, gradient_tolerance), mmavf_to_released)
        for name, value in (intermediate or {}).items():
            yield from _check_intermediate(f'{run}.intermediate.{name}', _layout(name, calls), value, tolerance)


def check_video(case: dict, load: Loader) -> Iterator[Finding]:
    """Compare the case `maedfer_finetune`: video alone, without stage IV; arguments and errors as above."""
    stored, state = load_needed(load, 'inputs', 'maedfer_finetune.state')
    model, inputs = build_recognizer(case['constructor_args'], video_only=True).eval(), model_inputs(stored)
    model.load_state_dict(convert_state_dict(full_precision(state)))
    rename = find_family(state).finetuned.to_released
    for run, token_type in TOKEN_TYPES.items():
        model.token_type = token_type
        expected = load(f'maedfer_finetune.{run}')
        yield from _check_run(model, run, inputs, expected, (2e-5, 1e-4), rename)


def _check_run(
    model: AVFMAERecognizer,
    run: str,
    inputs: dict[str, Tensor],
    expected: dict | None,
    tolerances: tuple[float, float],
    rename: Rename,
) -> Iterator[Finding]:
    tolerance, gradient_tolerance = tolerances
    output = model(inputs)
    if expected is None:
        return
    for name in ('logits', 'feature'):
        yield from compare(f'{run}.{name}', getattr(output, name), expected[name], tolerance)
    samples = [AVDataSample(gt_label=label) for label in expected['label']]
    model.head.loss_function = SoftTargetCrossEntropy(label_smoothing=0)
    loss = model.head.loss(output.logits, samples)
    yield from compare(f'{run}.loss_ce', loss, expected['loss_ce'], tolerance if model.training else 1e-5)
    yield from check_statistics(model, f'{run}.bn_after', expected['bn_after'], tolerance)
    yield from check_gradients(model, f'{run}.grad', loss, expected['grad'], gradient_tolerance, rename)


def _check_intermediate(quantity: str, ours: object, expected: object, tolerance: float) -> Iterator[Finding]:
    for finding in compare(quantity, ours, expected, tolerance):
        refined = REFINEMENT in quantity or finding.quantity.endswith('encoder_fusion[2]')
        yield finding._replace(tolerance=REFINED_IN_TRAINING) if refined and 'train.' in quantity else finding


def _modules(model: AVFMAERecognizer) -> dict[str, str]:
    """Return, for every released module that references exist for, the name of ours."""
    names = {'encoder': 'encoders.video', 'encoder_audio': 'encoders.audio', 'encoder_fusion': 'correlation'}
    names[REFINEMENT] = 'correlation.refinement'
    return names | {f'encoder_fusion.blocks.{i}': f'correlation.units.{i}' for i in range(len(model.correlation.units))}


def _layout(name: str, calls: dict[str, list]) -> object:
    """Bring our outputs into the nesting of the reference."""
    if name.endswith('(B,N,L,C)'):
        return calls[name.removesuffix('(B,N,L,C)')][0].regions
    if name == 'encoder_fusion':
        return [*calls[name][0], calls[REFINEMENT][-1]]
    return calls[name]
