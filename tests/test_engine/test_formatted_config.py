"""The text of a config is MMEngine's, and formatted only once."""

import copy
from unittest.mock import patch

import mmengine.config.config as mmengine_config
from mmengine.config import Config

from mmavf.engine.formatted_config import FormattedOnce

VALUES = dict(model=dict(type='A', widths=[1, 2, 3], **{'not-a-name': 1}), words='long ' * 40, nothing=None)


def test_the_text_is_that_of_mmengine_before_and_after_a_change():
    plain = Config(copy.deepcopy(VALUES))
    kept = FormattedOnce.of(Config(copy.deepcopy(VALUES)))
    assert kept.pretty_text == kept.pretty_text == plain.pretty_text
    kept.model.widths[1] = plain.model.widths[1] = 7
    assert kept.pretty_text == plain.pretty_text
    assert copy.deepcopy(kept).dump() == plain.dump()


def test_a_config_is_formatted_once_for_any_number_of_checkpoints():
    kept = FormattedOnce.of(Config(dict(VALUES, unique='of this test')))
    with patch.object(mmengine_config, 'FormatCode', wraps=mmengine_config.FormatCode) as formatting:
        assert kept.pretty_text == copy.deepcopy(kept).pretty_text
    assert formatting.call_count == 1
