"""Results of an ablation against what follows from the predictions."""

import json
from dataclasses import replace

import numpy as np
import pytest

from mmavf.errors import ListError
from mmavf.experiments.ablation_report import write_ablation
from mmavf.experiments.ablation_results import summarise
from tests.helpers.results import EVALUATOR, make_predictions, make_values


def runs_of(skill, seeds=(0, 1), folds=('1', '2'), subjects=8):
    """Predictions of each seed and fold, of the same clips for any skill and seed, and their WAR."""
    tests, scores = {}, {}
    for seed in seeds:
        clips = [make_predictions(skill + seed / 10, fold) for fold in folds]
        names = tuple(f's{number % (subjects or 1)}' for number in range(40))
        tests[seed] = [replace(part, subject=names if subjects else part.subject) for part in clips]
        scores[seed] = dict(war=np.mean([np.mean(part.labels == part.decisions) for part in tests[seed]]))
    return tests, scores


def found_of(is_mean=True, **variants):
    tests, scores = ({name: pair[number] for name, pair in variants.items()} for number in (0, 1))
    return summarise(scores, tests, EVALUATOR, is_mean)


def test_scores_and_differences_are_means_over_seeds():
    weak, strong = runs_of(0.5), runs_of(3.0)
    found = found_of(weak=weak, strong=strong, same=weak)
    means = {name: np.mean([row['war'] for row in pair[1].values()]) for name, pair in dict(w=weak, s=strong).items()}
    assert found['variants']['weak']['war']['mean'] == pytest.approx(means['w'])
    assert found['variants']['weak']['war']['num_seeds'] == 2
    gap = found['differences']['strong']['war']
    assert gap['difference'] == pytest.approx(means['s'] - means['w']) and gap['share'] > 0.99
    assert 0 < gap['interval'][0] < gap['difference'] < gap['interval'][1]
    assert found['differences']['same']['war'] == dict(difference=0, interval=[0, 0], share=0.5)
    assert (found['unit'], found['num_units'], found['num_clips']) == ('subject', 8, 80)
    assert found['reference'] == 'weak' and list(found['differences']) == ['strong', 'same']


def test_clips_are_drawn_where_there_are_no_subjects_and_order_does_not_matter():
    weak, strong = runs_of(0.5, subjects=0), runs_of(3.0, subjects=0)
    found = found_of(weak=weak, strong=strong)
    assert (found['unit'], found['num_units']) == ('clip', 80)
    turned = {seed: [part.select(np.arange(40)[::-1]) for part in folds] for seed, folds in strong[0].items()}
    assert found_of(weak=weak, strong=(turned, strong[1])) == found


def test_other_clips_are_refused():
    weak, strong = runs_of(0.5), runs_of(3.0, folds=('1', '3'))
    with pytest.raises(ListError, match='strong, seed 0 was tested on other clips or labels than weak, seed 0'):
        found_of(weak=weak, strong=strong)


def test_a_variant_without_results_is_left_out():
    found = found_of(failed=({}, {}), weak=runs_of(0.5))
    assert list(found['variants']) == ['weak'] and found['reference'] == 'weak' and not found['differences']
    assert found_of(failed=({}, {}))['variants'] == {}


def test_numbers_are_compared_too():
    values = make_values()
    evaluator = dict(type='RegressionMetric', dims=['arousal', 'valence'], metrics=['ccc'])
    noisy = replace(values, scores=values.scores + 2 * np.random.default_rng(5).normal(size=values.scores.shape))
    scores = dict(good={0: dict(ccc=0.7, ccc_arousal=0.7)}, noisy={0: dict(ccc=0.4, ccc_arousal=0.4)})
    found = summarise(scores, dict(good={0: [values]}, noisy={0: [noisy]}), evaluator, False)
    assert found['differences']['noisy']['ccc']['interval'][1] < 0 and list(found['variants']['good']) == ['ccc']


def test_the_report_shows_scores_beside_the_papers(tmp_path):
    found = found_of(weak=runs_of(0.5), strong=runs_of(3.0))
    about = dict(
        title='T',
        folds=['1', '2'],
        seeds=[0, 1],
        protocol=dict(target='toy', selection='strict'),
        result='mean',
        paper=dict(strong=dict(war=56.17)),
        models=dict(
            weak=dict(parameters=1234), strong=dict(parameters=5, gflop=1.234, clips_per_sec=7.77, memory=2048)
        ),
        failed={'weak, seed 2, fold 1': 'no memory'},
    )
    text = write_ablation(about | found, tmp_path)
    assert (tmp_path / 'ablation.md').read_text() == text
    assert json.loads((tmp_path / 'ablation.json').read_text())['differences'] == found['differences']
    war = found['variants']['strong']['war']
    row = next(line for line in text.splitlines() if line.startswith('| strong'))
    assert f'{100 * war["mean"]:.2f} ± {100 * war["std"]:.2f} [' in row and row.rstrip('| ').endswith('56.17')
    gap = found['differences']['strong']['war']
    assert f'{100 * gap["difference"]:+.2f} [' in text and '- weak, seed 2, fold 1: no memory' in text
    cells = [[cell.strip() for cell in line.split('|')[1:-1]] for line in text.splitlines() if line.startswith('|')]
    assert ['strong', '5', '1.23', '7.8', '2,048'] in cells and ['weak', '1,234', '–', '–', '–'] in cells
