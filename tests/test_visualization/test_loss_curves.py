"""The picture of the losses."""

import numpy as np
import pytest
from PIL import Image

from mmavf.visualization.loss_curves import draw_loss_curves, smooth


@pytest.mark.parametrize('length', [1, 2, 7])
def test_smoothing_is_the_mean_of_the_neighbours(length):
    values = np.random.default_rng(0).standard_normal(length)
    values[length // 2] = np.nan if length > 2 else values[length // 2]
    slow = [np.nanmean(values[max(0, i - 1) : i + 2]) for i in range(length)]
    np.testing.assert_allclose(smooth(values, 3), slow)


def test_loss_curve_shows_each_term(tmp_path):
    iters = np.arange(1, 101)
    path = tmp_path / 'curve.png'
    sizes = []
    for names in (['loss'], ['loss', 'loss_video', 'loss_audio']):
        draw_loss_curves({name: (iters, np.exp(-iters / 40)) for name in names}, path)
        picture = np.asarray(Image.open(path).convert('RGB'))
        sizes.append(picture.shape[1])
        blue = (picture[..., 2] > 150) & (picture[..., 0] < 80)
        assert blue.sum() > 300 * len(names)
    assert sizes[1] == 3 * sizes[0]
