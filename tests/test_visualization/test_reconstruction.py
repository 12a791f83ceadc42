import math

import cv2
import numpy as np
import pytest
import torch

from mmavf.models.layers import take_patches
from mmavf.models.maskers import AVDualMasker, TokenMask
from mmavf.models.pretrainers import PretrainOutput
from mmavf.models.targets import PatchTarget
from mmavf.visualization import draw_reconstruction_sheet, film_strip, reconstruct, token_map, undo_target, unpatchify
from mmavf.visualization.reconstruction_sheet import caption

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def all_ids(batch, count):
    return torch.arange(count).expand(batch, count)


@pytest.mark.parametrize(
    ('size', 'patch', 'channels'), [((4, 6, 8), (2, 3, 2), 3), ((8, 6), (4, 2), 1), ((4, 4, 4), (1, 4, 2), 2)]
)
def test_unpatchify_is_the_inverse_of_take_patches(size, patch, channels):
    clip = torch.randn(2, channels, *size)
    grid = [s // p for s, p in zip(size, patch, strict=True)]
    assert torch.equal(unpatchify(take_patches(clip, patch, torch.arange(math.prod(grid))), grid), clip)


@pytest.mark.parametrize('frame_difference', [False, True])
@pytest.mark.parametrize('normalize', [False, True])
def test_video_target_goes_back_to_pixels(normalize, frame_difference):
    pixels = torch.rand(2, 3, 4, 8, 12)
    mean, std = (torch.tensor(x).view(1, 3, 1, 1, 1) for x in (MEAN, STD))
    clip = (pixels - mean) / std
    target = PatchTarget((2, 4, 4), MEAN, STD, normalize, frame_difference)
    values = target(clip, all_ids(2, 12))
    torch.testing.assert_close(undo_target(target, values, clip), pixels, atol=1e-5, rtol=0)


def test_audio_target_goes_back_to_log_mel():
    mel = torch.randn(2, 1, 32, 16)
    target = PatchTarget((8, 8))
    torch.testing.assert_close(undo_target(target, target(mel, all_ids(2, 8)), mel), mel, atol=1e-5, rtol=0)


def test_constant_patch_goes_back_to_its_colour():
    """A patch without contrast has deviation 0: its target is 0, and it comes back as it was."""
    clip = torch.full((1, 3, 2, 4, 4), 0.25)
    target = PatchTarget((2, 4, 4), frame_difference=True)
    torch.testing.assert_close(undo_target(target, torch.zeros(1, 1, 96), clip), clip, atol=1e-6, rtol=0)


def test_one_changed_value_changes_the_pixel_that_it_stands_for():
    """Without normalisation, value (frame, row, column, channel) of a token is one pixel of its patch."""
    clip = torch.zeros(1, 3, 4, 8, 8)
    target = PatchTarget((2, 4, 4), normalize=False)
    values = torch.zeros(1, 8, 96)
    token, frame, row, column, channel = 6, 1, 2, 3, 1  # token 6: second slice, second row, first column
    values[0, token, ((frame * 4 + row) * 4 + column) * 3 + channel] = 1.0
    place = undo_target(target, values, clip).nonzero().tolist()
    assert place == [[0, channel, 2 + frame, 4 + row, 0 + column]]


def test_frame_difference_adds_up_from_the_first_frame():
    clip = torch.zeros(1, 1, 3, 2, 2)
    target = PatchTarget((3, 2, 2), normalize=False, frame_difference=True)
    values = torch.tensor([1.0, 0.5, -2.0]).repeat_interleave(4).view(1, 1, 12)
    frames = undo_target(target, values, clip)[0, 0, :, 0, 0]
    assert frames.tolist() == [1.0, 1.5, -0.5]


def test_token_map_covers_the_patch_of_each_token():
    flags = torch.zeros(1, 8, dtype=torch.bool)
    flags[0, 5] = True  # second slice, first row, second column
    hidden = token_map(flags, (4, 8, 8), (2, 4, 4))
    expected = torch.zeros(1, 1, 4, 8, 8, dtype=torch.bool)
    expected[:, :, 2:4, 0:4, 4:8] = True
    assert torch.equal(hidden, expected)


class PerfectModel(torch.nn.Module):
    """Stands in for a model that predicts exactly the target, and notes what it was asked for."""

    def __init__(self):
        super().__init__()
        self.modalities = ('video', 'audio')
        self.masker = AVDualMasker(video_grid=(2, 10, 10), audio_grid=(4, 4), audio_encoder_mask=AUDIO_MASK)
        self.targets = {
            'video': PatchTarget((2, 4, 4), MEAN, STD, frame_difference=True),
            'audio': PatchTarget((4, 4)),
        }
        self.decoded = {'video': [], 'audio': []}

    def forward(self, inputs, mode, masks):
        assert mode == 'predict'
        drawn = {m: TokenMask.from_explicit(*masks[m]) for m in masks}
        for m, mask in drawn.items():
            self.decoded[m].append(mask.decode_ids)
        predictions = {m: self.targets[m](inputs[m], drawn[m].decode_ids) for m in drawn}
        return PretrainOutput(drawn, {}, predictions)


AUDIO_MASK = {'type': 'RandomMask', 'mask_ratio': 0.75}


def perfect_parts(batch=2):
    model = PerfectModel()
    inputs = {'video': torch.randn(batch, 3, 4, 40, 40), 'audio': torch.randn(batch, 1, 16, 16)}
    return model, inputs, reconstruct(model, inputs)


def test_a_perfect_model_gives_the_original():
    model, inputs, parts = perfect_parts()
    mean, std = (torch.tensor(x).view(1, 3, 1, 1, 1) for x in (MEAN, STD))
    torch.testing.assert_close(parts['video'].original, inputs['video'] * std + mean)
    torch.testing.assert_close(parts['audio'].original, inputs['audio'])
    for part in parts.values():
        torch.testing.assert_close(part.predicted, part.original, atol=1e-5, rtol=0)
        assert part.error < 1e-10
    for asked in model.decoded.values():  # every token is decoded exactly once
        everything = torch.cat(asked, dim=1).sort(dim=1).values
        assert torch.equal(everything, all_ids(*everything.shape))


def test_hidden_is_what_the_encoder_did_not_see():
    _, _, parts = perfect_parts()
    assert parts['video'].hidden.float().mean().item() == pytest.approx(0.9)
    assert parts['audio'].hidden.float().mean().item() == pytest.approx(0.75)


def test_pasted_takes_predictions_only_where_hidden():
    _, _, parts = perfect_parts()
    part = parts['video']._replace(predicted=torch.full_like(parts['video'].original, 9.0))
    hidden = part.hidden.expand_as(part.original)
    assert (part.pasted[hidden] == 9.0).all()
    assert torch.equal(part.pasted[~hidden], part.original[~hidden])


def test_error_is_the_mean_over_hidden_tokens():
    """Hidden tokens are off by 0.5, seen ones by 2: the seen ones do not count."""
    model, inputs, _ = perfect_parts()
    perfect = model.forward

    def forward(*args, **kwargs):
        output = perfect(*args, **kwargs)
        off = {m: torch.where(mask.loss_weight > 0, 0.5, 2.0)[..., None] for m, mask in output.masks.items()}
        return output._replace(predictions={m: values + off[m] for m, values in output.predictions.items()})

    model.forward = forward
    parts = reconstruct(model, inputs)
    assert parts['video'].error.item() == pytest.approx(0.25, abs=1e-5)
    assert parts['audio'].error.item() == pytest.approx(0.25, abs=1e-5)


def test_film_strip_shows_frames_in_order_and_hidden_places_grey():
    video = np.linspace(0.0, 1.0, 16)[None, :, None, None] * np.ones((3, 16, 4, 5))
    video[:, :, 0, 0] = np.nan
    strip = film_strip(video)
    assert strip.shape == (4, 8 * 5, 3)
    assert (strip[0, ::5] == 0.5).all()
    steps = strip[1, ::5, 0]
    assert (np.diff(steps) > 0).all()
    assert steps[0] == 0.0
    assert steps[-1] == 1.0


def test_caption_says_what_is_borrowed_from_the_original():
    _, _, parts = perfect_parts(batch=1)
    assert 'Predictions of video and audio are relative' in caption(parts)
    parts['video'] = parts['video']._replace(relative=False)
    assert 'Predictions of audio are relative' in caption(parts)
    parts['audio'] = parts['audio']._replace(relative=False)
    assert 'relative' not in caption(parts)
    assert 'video 0.0000, audio 0.0000' in caption(parts)


def test_sheet_shows_the_clip_and_grey_patches(tmp_path):
    """The written picture holds the colours of the clip, and grey where the encoder saw nothing."""
    _, _, parts = perfect_parts(batch=1)
    red = torch.tensor([1.0, 0.0, 0.0]).view(1, 3, 1, 1, 1).expand_as(parts['video'].original)
    parts['video'] = parts['video']._replace(original=red, predicted=red)
    draw_reconstruction_sheet(parts, ['clip'], tmp_path / 'sheet.png')
    picture = cv2.imread(str(tmp_path / 'sheet.png'))[..., ::-1].astype(int)
    frames = min(8, parts['video'].original.shape[2])
    strips = picture[:, : int(0.97 * frames / (frames + 2.2) * picture.shape[1])]  # the log-mel is on the right
    red = (np.abs(strips - (255, 0, 0)).max(axis=2) < 4).sum()
    grey = (np.abs(strips - 127.5).max(axis=2) < 2).sum()
    # Two rows of three are all red, one is red in a tenth of its places and grey in the rest.
    assert grey / red == pytest.approx(0.9 / 2.1, abs=0.05)
