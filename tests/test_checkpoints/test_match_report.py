"""What is said of a checkpoint that fits a model in part, and what is refused."""

import pytest

from mmavf.checkpoints.match_report import report_match
from mmavf.errors import CheckpointError

OWN = {'encoders.video.w': (4, 3), 'encoders.video.n': (), 'layer_weights.video': (2,), 'head.fc.w': (7, 4)}
PRETRAINED = {'encoders.video.w': (4, 3), 'encoders.video.n': (), 'decoders.a': (5,), 'decoders.b': (1,), 'mask': (1,)}


def test_parts_are_counted():
    assert report_match(OWN, PRETRAINED, complete=False) == [
        "matched: 2 of the model's 4 weights",
        'new: layer_weights (1), head (1)',
        'unused: decoders (2), mask (1)',
    ]
    assert report_match(OWN, OWN, complete=True) == ["matched: 4 of the model's 4 weights"]


def test_a_head_of_other_classes_starts_anew_in_training_and_is_refused_in_a_test():
    given = OWN | {'head.fc.w': (13, 4)}
    lines = report_match(OWN, given, complete=False)
    assert lines[1:] == ['new, as the head has another shape: head.fc.w is 13 × 4, not 7 × 4']
    with pytest.raises(CheckpointError, match='another size.*head.fc.w is 13 × 4, not 7 × 4'):
        report_match(OWN, given, complete=True)


def test_a_test_needs_every_weight():
    with pytest.raises(CheckpointError, match=r'cannot be tested: layer_weights \(1\), head \(1\)'):
        report_match(OWN, PRETRAINED, complete=True)


@pytest.mark.parametrize('shape', [(4, 5), (12,), None])
def test_another_size_is_refused(shape):
    with pytest.raises(CheckpointError, match=r'another size: 1 of 2 weights .*encoders.video.w is .*, not 4 × 3'):
        report_match(OWN, PRETRAINED | {'encoders.video.w': shape}, complete=False)


def test_other_names_are_refused():
    with pytest.raises(CheckpointError, match='nothing in it matches.*convert_release.py'):
        report_match(OWN, {'encoder.w': (4, 3)}, complete=False)


def test_names_of_a_model_inside_another_one_are_called_that():
    inside = {f'model.{name}': shape for name, shape in OWN.items()}
    with pytest.raises(CheckpointError, match="begin with 'model.'.*save them again without it"):
        report_match(OWN, inside, complete=False)
    with pytest.raises(CheckpointError, match='nothing in it matches'):
        report_match(OWN, {}, complete=False)
