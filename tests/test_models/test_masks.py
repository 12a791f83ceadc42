"""Mask generators against the rules and draws of the reference, and their error cases."""

from pathlib import Path

import pytest
import torch

from mmavf.errors import ConfigError
from mmavf.models.layers import region_of_tokens
from mmavf.models.maskers import (
    AVDualMasker,
    RandomMask,
    RegionBalancedMask,
    RunningCellMask,
    TokenMask,
    TubeMask,
)

CPU = torch.device('cpu')
REFERENCE = Path(__file__).parents[1] / 'data' / 'golden' / 'masks_reference.pth'
VIDEO, AUDIO = (8, 10, 10), (16, 8)


@pytest.fixture(scope='module')
def reference():
    return torch.load(REFERENCE, weights_only=True)


def test_tube_mask_is_constant_over_time_and_keeps_ten_places(reference):
    masks = TubeMask(VIDEO, 0.9)(64, CPU).view(64, 8, 100)
    assert (masks == masks[:, :1]).all()
    assert ((~masks).sum(-1) == 10).all()
    drawn = reference['tube_0.9_(8,10,10)']['masks'].view(-1, 8, 100)
    assert (drawn == drawn[:, :1]).all() and (drawn.sum(-1) == 90).all()


@pytest.mark.parametrize(('ratio', 'visible'), [(0.8125, 24), (0.8, 26), (0.5, 64)])
def test_random_mask_counts_are_those_of_the_reference(reference, ratio, visible):
    masks = RandomMask(AUDIO, ratio)(32, CPU)
    assert ((~masks).sum(1) == visible).all()
    assert (reference[f'random_{ratio}_(16,8)']['masks'] == 0).sum(1).tolist() == [visible] * 8


def test_random_mask_hides_every_token_equally_often():
    share = RandomMask(AUDIO, 0.5)(4000, CPU).float().mean(0)
    assert (share - 0.5).abs().max() < 5 * (0.25 / 4000) ** 0.5


@pytest.mark.parametrize('ratio', [0.25, 0.5, 0.75])
def test_running_cell_maps_equal_the_reference(reference, ratio):
    maps = RunningCellMask(VIDEO, ratio).maps.view(4, 8, 100)
    assert torch.equal(maps, reference[f'run_cell_{ratio}_all_maps'].bool())


def test_running_cell_draws_all_four_phases_equally_often():
    generator = RunningCellMask(VIDEO, 0.5)
    masks = generator(4000, CPU)
    phases = (masks[:, None] == generator.maps[None]).all(-1)
    assert (phases.sum(1) == 1).all()
    assert (phases.float().mean(0) - 0.25).abs().max() < 5 * (0.1875 / 4000) ** 0.5


def test_tube_and_running_cell_leave_exactly_360_counted_tokens():
    mask = AVDualMasker()(32, CPU)['video']
    assert mask.keep_ids.shape == (32, 80) and mask.decode_ids.shape == (32, 400)
    assert (mask.loss_weight.sum(1) == 360).all()


def test_balanced_video_masks_are_tubes_with_equal_regions(reference):
    regions = region_of_tokens(VIDEO, (2, 5, 10))
    ours = RegionBalancedMask(VIDEO, 0.9, (2, 5, 10), tube=True)(16, CPU)
    drawn = reference['part_window_0.9_(5,10)_none']['masks'].bool()
    for masks in (ours, drawn):
        slices = masks.view(-1, 8, 100)
        assert (slices == slices[:, :1]).all()
        for region in range(8):
            assert ((~masks[:, regions == region]).sum(1) == 10).all()


def test_balanced_audio_masks_keep_three_tokens_in_each_region():
    regions = region_of_tokens(AUDIO, (4, 4))
    masks = RegionBalancedMask(AUDIO, 0.8125, (4, 4))(16, CPU)
    assert all(((~masks[:, regions == region]).sum(1) == 3).all() for region in range(8))


@pytest.mark.parametrize(
    ('own', 'tube', 'asked'),
    [
        ((2, 5, 10), True, (2, 5, 10)),
        ((2, 5, 10), True, (8, 5, 10)),  # all slices are alike
        ((2, 5, 5), False, (2, 5, 10)),
        ((2, 5, 10), False, (4, 10, 10)),
    ],
)
def test_a_promise_of_balance_is_kept(own, tube, asked):
    mask = RegionBalancedMask(VIDEO, 0.9, own, tube=tube)
    assert mask.is_balanced(asked)
    visible = ~mask(16, CPU)
    regions = region_of_tokens(VIDEO, asked)
    counts = torch.stack([visible[:, regions == region].sum(1) for region in regions.unique()])
    assert (counts == counts[0, 0]).all()


@pytest.mark.parametrize(('own', 'tube', 'asked'), [((2, 5, 10), True, (2, 5, 5)), ((4, 5, 10), False, (2, 5, 10))])
def test_nothing_is_promised_for_regions_inside_those_of_the_mask(own, tube, asked):
    assert not RegionBalancedMask(VIDEO, 0.9, own, tube=tube).is_balanced(asked)
    assert not RegionBalancedMask(VIDEO, 0.9, own, tube=tube).is_balanced((4, 4))


def test_indices_of_a_drawn_mask_are_its_visible_tokens_in_raster_order():
    generator = RandomMask(AUDIO, 0.8125)
    encoder, decoder = generator(4, CPU), RandomMask(AUDIO, 0.5)(4, CPU)
    mask = TokenMask.from_explicit(encoder, decoder)
    for row in range(4):
        assert mask.keep_ids[row].tolist() == [i for i in range(128) if not encoder[row, i]]
        visible = [i for i in range(128) if not decoder[row, i]]
        assert mask.decode_ids[row].tolist() == visible
        assert mask.loss_weight[row].tolist() == [float(encoder[row, i]) for i in visible]


def test_masks_follow_the_generator_of_the_device():
    masker = AVDualMasker()
    torch.manual_seed(3)
    first = masker(2, CPU)
    second = masker(2, CPU)
    torch.manual_seed(3)
    again = masker(2, CPU)
    assert torch.equal(first['video'].keep_ids, again['video'].keep_ids)
    assert not torch.equal(first['video'].keep_ids, second['video'].keep_ids)


@pytest.mark.parametrize('ratio', [0, 1, -0.1, 0.001])
def test_a_ratio_that_leaves_nothing_is_an_error(ratio):
    with pytest.raises(ConfigError, match='mask_ratio'):
        RandomMask(AUDIO, ratio)


def test_a_running_cell_needs_a_known_ratio_and_an_even_grid():
    with pytest.raises(ConfigError, match='0.25, 0.5 or 0.75'):
        RunningCellMask(VIDEO, 0.6)
    with pytest.raises(ConfigError, match='do not tile'):
        RunningCellMask((8, 9, 10), 0.5)


def test_regions_that_do_not_tile_the_grid_are_an_error():
    with pytest.raises(ConfigError, match='do not tile'):
        RegionBalancedMask(VIDEO, 0.9, (3, 5, 10), tube=True)


def test_rows_with_different_counts_are_an_error():
    masks = torch.zeros(2, 128, dtype=torch.bool)
    masks[0, 0] = True
    with pytest.raises(ConfigError, match='same number of visible tokens'):
        TokenMask.from_explicit(masks, masks)
