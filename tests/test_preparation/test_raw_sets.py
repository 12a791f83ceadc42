"""What holds for all parsers of raw sets."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from mmavf.datasets.targets import CARDS
from mmavf.datasets.targets.folds import OFFICIAL, folds_by_rule
from mmavf.errors import RawDataError
from mmavf.preparation.raw_sets.base import SAFE_ID
from mmavf.registry import RAW_SETS
from tests.helpers.raw_trees import TREES, index, raw_set, touch


def test_every_target_has_a_parser_with_a_layout():
    parsers = RAW_SETS.module_dict
    assert set(CARDS) <= set(parsers)
    assert all(parser.layout for parser in parsers.values())


@pytest.mark.parametrize('name', TREES)
def test_clips_fit_the_card(name, tmp_path):
    TREES[name](tmp_path)
    parser = raw_set(name, tmp_path)
    found = parser.index()
    card = CARDS[name]
    usable = {label for label, kept in card.label_map.items() if kept} or {*parser.class_names(found.clips)}
    ids = [clip.id for clip in found.clips]
    assert len({*ids}) == len(ids) > 0
    for clip in found.clips:
        assert SAFE_ID.fullmatch(clip.id)
        assert (tmp_path / clip.video).exists()
        assert (clip.audio is None) == ('audio' not in card.modalities)
        assert not clip.audio or (tmp_path / clip.audio).is_file()
        assert set(clip.numbers) == set(card.dims)
        assert clip.label in usable or card.dims
        assert bool(clip.group) == bool(card.group_by)
        assert bool(clip.fold) == (name in OFFICIAL)
        assert bool(clip.subject) == bool(card.subjects)
    if name not in OFFICIAL:
        rows = [dict(id=clip.id, label=clip.label, subject=clip.subject) for clip in found.clips]
        assert all(folds_by_rule(name, rows))
    assert not {*ids} & {left.name for left in found.left_out}
    assert all(left.name and left.reason for left in found.left_out)


@pytest.mark.parametrize('name', TREES)
def test_what_is_found_does_not_depend_on_the_order_of_the_file_system(name, tmp_path, monkeypatch):
    TREES[name](tmp_path)
    usual = index(name, tmp_path)
    walk, iterdir = os.walk, Path.iterdir
    monkeypatch.setattr('os.walk', lambda *args, **kw: ((r, d, f[::-1]) for r, d, f in [*walk(*args, **kw)][::-1]))
    monkeypatch.setattr(Path, 'iterdir', lambda self: iter([*iterdir(self)][::-1]))
    assert index(name, tmp_path) == usual


@pytest.mark.parametrize('name', CARDS)
def test_a_wrong_folder_is_told_with_the_layout(name, tmp_path):
    touch(tmp_path, 'holiday/beach.mp4')
    with pytest.raises(RawDataError) as caught:
        index(name, tmp_path)
    assert str(tmp_path) in str(caught.value)
    assert RAW_SETS.get(name).layout in str(caught.value)


@pytest.mark.parametrize(('one', 'other'), [('mafw11', 'mafw43'), ('crema_d4', 'crema_d6')])
def test_sets_of_a_family_give_the_same_clip_the_same_id(one, other, tmp_path):
    TREES[one](tmp_path)
    clips = {clip.video: clip for clip in index(other, tmp_path).clips}
    assert all(clips[clip.video] == clip for clip in index(one, tmp_path).clips)


def test_why_there_is_no_clip_at_all_is_told(tmp_path):
    names = ['1001_DFA_ONE_XX', '1001_DFA_TWO_XX', '1002_DFA_TWO_XX']
    touch(tmp_path, *(f'VideoFlash/{name}.flv' for name in names))
    with pytest.raises(RawDataError, match=r"no clip found \(3 left out; 2 times: label 'TWO' .*; 1 times: .*'ONE'"):
        index('crema_d6', tmp_path)


@pytest.mark.parametrize('name', TREES)
def test_hidden_files_that_archives_bring_are_passed_over(name, tmp_path):
    TREES[name](tmp_path)
    usual = index(name, tmp_path)
    for path in [*tmp_path.rglob('*.*')]:
        touch(tmp_path, f'{path.parent.relative_to(tmp_path)}/._{path.name}')
    assert index(name, tmp_path) == usual


def test_ids_twice_or_unsafe_are_refused(tmp_path, monkeypatch):
    TREES['crema_d6'](tmp_path)
    parser = raw_set('crema_d6', tmp_path)
    clips, left_out = parser.parse()
    for bad in (clips[1].id, 'a b', 'a/b', 'Zoë'):
        monkeypatch.setattr(parser, 'parse', lambda bad=bad: ([replace(clips[0], id=bad), *clips[1:]], left_out))
        with pytest.raises(RawDataError, match='ids that cannot be used'):
            parser.index()
