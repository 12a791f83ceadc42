"""Targets and folds that paths of checkpoints name."""

from pathlib import PurePosixPath

import pytest

from mmavf.datasets.targets.named_in_path import compare_with_path, targets_in_path


@pytest.mark.parametrize(
    ('path', 'num_classes', 'named'),
    [
        ('dfew/fold_1/checkpoint-best.pth', 7, [('dfew', '1')]),
        ('finetuned/DFEW_split03.pth', 7, [('dfew', '3')]),
        ('MAFW/set-5.pth', 11, [('mafw11', '5')]),
        ('MAFW/set-5.pth', 43, [('mafw43', '5')]),
        ('hicmae_crema-d_fold2.pth', 6, [('crema_d6', '2')]),
        ('CREMAD.fold2.pth', 4, [('crema_d4', '2')]),
        ('ferv39k.pth', 7, [('ferv39k', 'test')]),
        ('avcaffe.pth', 5, [('avcaffe_arousal', 'test'), ('avcaffe_valence', 'test')]),
        ('dfew/fold_6.pth', 7, [('dfew', '')]),
        ('dfew/fold_1/fold_2.pth', 7, [('dfew', '')]),
        ('dfew/fold_1.pth', 8, []),
        ('dataset2/dfew.pth', 7, [('dfew', '')]),
        ('notdfew_fold1.pth', 7, []),
        ('samm/fold_1.pth', 3, [('samm', '')]),
    ],
)
def test_targets_and_folds_of_a_path(path, num_classes, named):
    assert [tuple(target) for target in targets_in_path(PurePosixPath(path), num_classes)] == named


@pytest.mark.parametrize(
    ('path', 'target', 'fold', 'said'),
    [
        (
            'dfew/fold_1.pth',
            'dfew',
            '2',
            'names dfew, fold 1, and this run tests on dfew, fold 2: it has been trained on',
        ),
        ('dfew/fold_1.pth', 'dfew', 1, 'names dfew, fold 1, which this run tests on'),
        ('dfew/fold_1.pth', 'dfew', None, 'must test on the fold that it was not trained on'),
        ('dfew/best.pth', 'dfew', '2', 'must test on the fold that it was not trained on'),
        ('dfew/fold_1.pth', 'ferv39k', None, 'names dfew, fold 1, and this run tests on ferv39k.'),
        ('dfew/fold_1.pth', None, '3', 'names dfew, fold 1, and this run tests on a list of its own, fold 3.'),
        ('mine.pth', 'dfew', '2', 'Clips that this run tests on may have been among them.'),
    ],
)
def test_a_path_is_compared_with_what_a_run_tests_on(path, target, fold, said):
    assert said in compare_with_path(PurePosixPath(path), 7, target, fold)
