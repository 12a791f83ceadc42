"""Mixing of the clips of a batch, against one clip after the other."""

import numpy as np
import pytest
import torch

from mmavf.errors import ConfigError, ListError
from mmavf.models.data_preprocessors import AVDataPreprocessor, MixupCutmix
from mmavf.registry import MODELS
from mmavf.structures import AVDataSample

CLASSES = 5


def _batch(size=6, views=2, seed=0):
    rng = torch.Generator().manual_seed(seed)
    video = torch.randint(0, 256, (size, views, 3, 12, 20, 3), generator=rng, dtype=torch.uint8)
    audio = torch.randn(size, views, 10, 4, generator=rng)
    samples = []
    for i in range(size):
        samples.append(AVDataSample(metainfo=dict(sample_id=f'clip {i}')))
        samples[-1].gt_label = torch.tensor((3 * i + 1) % CLASSES)
    return dict(inputs=dict(video=video, audio=audio), data_samples=samples)


def _prepare(batch, training=True, **options):
    augment = dict(type='MixupCutmix', num_classes=CLASSES, **options)
    return AVDataPreprocessor(batch_augment=augment)(batch, training)


def _plain(batch):
    return AVDataPreprocessor()(batch)['inputs']


def _slow_blend(x, views, own):
    """Blend (B * V, ...) view by view, clip by clip."""
    size = len(x) // views
    mixed = torch.empty_like(x)
    for clip in range(size):
        for view in range(views):
            me, partner = clip * views + view, (size - 1 - clip) * views + view
            mixed[me] = own * x[me] + (1 - own) * x[partner]
    return mixed


def _slow_scores(batch, own):
    labels = [int(sample.gt_label) for sample in batch['data_samples']]
    scores = np.zeros((len(labels), CLASSES))
    for clip, label in enumerate(labels):
        scores[clip, label] += own
        scores[clip, labels[-1 - clip]] += 1 - own
    return scores


def _scores(prepared):
    return torch.stack([sample.gt_score for sample in prepared['data_samples']]).numpy()


@pytest.mark.parametrize('size', [1, 5, 6])
@pytest.mark.parametrize('mix_audio', [False, True])
def test_mixup_against_one_clip_after_the_other(size, mix_audio):
    batch = _batch(size)
    np.random.seed(0)
    prepared = _prepare(batch, switch_prob=0.0, mix_audio=mix_audio)
    np.random.seed(0)
    np.random.rand(2)  # whether to mix, whether to cut
    own = np.random.beta(0.8, 0.8)
    plain = _plain(batch)
    torch.testing.assert_close(prepared['inputs']['video'], _slow_blend(plain['video'], 2, own))
    audio = _slow_blend(plain['audio'], 2, own) if mix_audio else plain['audio']
    torch.testing.assert_close(prepared['inputs']['audio'], audio)
    np.testing.assert_allclose(_scores(prepared), _slow_scores(batch, own), atol=1e-6)


@pytest.mark.parametrize('seed', range(12))
def test_cutmix_is_one_box_in_all_frames_and_the_label_is_its_area(seed):
    np.random.seed(seed)
    batch = _batch()
    prepared, plain = _prepare(batch, switch_prob=1.0, mix_audio=True), _plain(batch)
    video, own_video = prepared['inputs']['video'], plain['video']  # (B * V, 3, T, H, W)
    partner = own_video.unflatten(0, (6, 2)).flip(0).flatten(0, 1)
    # random pixels of two clips agree by chance in one of three channels, hardly in all frames and clips
    from_partner = (video == partner).all(dim=0).all(dim=0).all(dim=0)  # (H, W)
    rows, columns = from_partner.any(dim=1), from_partner.any(dim=0)
    assert (from_partner == rows[:, None] & columns[None]).all()
    for line in (rows, columns):  # one stretch
        assert line.int().diff().abs().sum() + line[0].int() + line[-1].int() in (0, 2)
    torch.testing.assert_close(video, torch.where(from_partner, partner, own_video), rtol=0, atol=0)
    own = 1 - float(from_partner.float().mean())
    np.testing.assert_allclose(_scores(prepared), _slow_scores(batch, own), atol=1e-6)
    torch.testing.assert_close(prepared['inputs']['audio'], _slow_blend(plain['audio'], 2, own))


def test_shares_and_boxes_are_drawn_as_said():
    augment = MixupCutmix(CLASSES)
    mixes = [augment.draw(160, 160) for _ in range(4000)]
    blends = np.array([mix.own for mix in mixes if mix.box is None])
    cuts = [mix for mix in mixes if mix.box is not None]
    assert len(cuts) / len(mixes) == pytest.approx(0.5, abs=0.03)
    assert blends.mean() == pytest.approx(0.5, abs=0.03)
    assert blends.var() == pytest.approx(1 / (4 * 2.6), rel=0.06)  # of Beta(0.8, 0.8)
    for mix in cuts:
        height, width = (part.stop - part.start for part in mix.box)
        assert mix.own == pytest.approx(1 - height * width / 160**2)
        assert 0 <= mix.box[0].start <= mix.box[0].stop <= 160 and 0 <= mix.box[1].start <= mix.box[1].stop <= 160
    # the area is drawn evenly; what lies outside the frame makes it smaller, so that small areas prevail
    assert np.mean([mix.own > 0.75 for mix in cuts]) > 0.25


def test_labels_of_several_classes_are_mixed_too():
    batch = _batch(size=2, views=1)
    batch['data_samples'][0].gt_score = torch.tensor([0.5, 0.0, 0.5, 0.0, 0.0])
    prepared = _prepare(batch, switch_prob=0.0)
    first, last = _scores(prepared)
    own = first[0] / 0.5
    np.testing.assert_allclose(first, [own / 2, 0, own / 2, 0, 1 - own], atol=1e-6)  # the other clip is of class 4
    np.testing.assert_allclose(last, [(1 - own) / 2, 0, (1 - own) / 2, 0, own], atol=1e-6)


def test_smoothing_in_the_loss_equals_smoothing_before_mixing():
    """Mixing first and smoothing in the loss is the same as mixing smoothed labels."""
    batch = _batch()
    logits = torch.randn(6, CLASSES)
    np.random.seed(0)
    mixed = torch.from_numpy(_scores(_prepare(batch, switch_prob=0.0)))
    np.random.seed(0)
    np.random.rand(2)
    own = np.random.beta(0.8, 0.8)
    labels = torch.stack([sample.gt_label for sample in batch['data_samples']])
    off, on = 0.1 / CLASSES, 1 - 0.1 + 0.1 / CLASSES
    smooth = torch.full((6, CLASSES), off).scatter(1, labels[:, None], on)
    expected = -((own * smooth + (1 - own) * smooth.flip(0)) * logits.log_softmax(-1)).sum(-1).mean()
    loss = MODELS.build(dict(type='SoftTargetCrossEntropy', label_smoothing=0.1))
    torch.testing.assert_close(loss(logits, mixed), expected)


def test_nothing_is_mixed_outside_training_or_without_the_odds():
    batch = _batch()
    for prepared in (_prepare(batch, training=False), _prepare(batch, prob=0.0)):
        torch.testing.assert_close(prepared['inputs'], _plain(batch), rtol=0, atol=0)
        assert all('gt_score' not in sample for sample in prepared['data_samples'])


def test_a_batch_can_be_prepared_twice():
    batch = _batch()
    before = {key: value.clone() for key, value in batch['inputs'].items()}
    _prepare(batch, mix_audio=True)
    torch.testing.assert_close(batch['inputs'], before, rtol=0, atol=0)
    assert all('gt_score' not in sample for sample in batch['data_samples'])


def test_sound_alone_is_blended_or_refused():
    batch = _batch()
    del batch['inputs']['video']
    with pytest.raises(ConfigError, match='mix_audio'):
        _prepare(batch)
    prepared = _prepare(batch, switch_prob=1.0, mix_audio=True)
    own = float(_scores(prepared)[1, 4])  # clip 1 is of class 4, its partner of class 3
    torch.testing.assert_close(prepared['inputs']['audio'], _slow_blend(_plain(batch)['audio'], 2, own))


def test_mixing_that_is_switched_off_asks_for_no_video():
    batch = _batch()
    del batch['inputs']['video']
    prepared = _prepare(batch, prob=0.0)
    assert torch.equal(prepared['inputs']['audio'], _plain(batch)['audio'])
    assert 'gt_score' not in prepared['data_samples'][0]


def test_what_cannot_be_mixed_is_named():
    batch = _batch()
    del batch['data_samples'][2].gt_label
    with pytest.raises(ListError, match='clip 2'):
        _prepare(batch)
    batch = _batch()
    batch['data_samples'][3].gt_label = torch.tensor(CLASSES)
    with pytest.raises(ConfigError, match='clip 3 has class 5, but the model has 5 classes'):
        _prepare(batch)
    for wrong in (dict(mixup_alpha=0.0), dict(prob=1.5), dict(switch_prob=-0.1)):
        with pytest.raises(ConfigError):
            MixupCutmix(CLASSES, **wrong)


@pytest.mark.skipif(not torch.cuda.is_available(), reason='wants a GPU')
def test_no_synchronisation_on_a_gpu():
    batch = _batch()
    batch['inputs'] = {key: value.pin_memory() for key, value in batch['inputs'].items()}
    augment = dict(type='MixupCutmix', num_classes=CLASSES, mix_audio=True)
    preprocessor = AVDataPreprocessor(batch_augment=augment).cuda()
    torch.cuda.set_sync_debug_mode('error')
    try:
        for _ in range(10):
            prepared = preprocessor(batch, training=True)
    finally:
        torch.cuda.set_sync_debug_mode('default')
    assert prepared['inputs']['video'].is_cuda
