import sys
import xml.etree.ElementTree as ET
from datetime import datetime

import pytest
from pympi import Eaf

from mmavf.errors import ConfigError
from mmavf.timeline import runs_of, write_eaf
from tests.helpers.timelines import classifier, regressor, source, timeline, windows


@pytest.fixture
def recording(tmp_path):
    path = tmp_path / 'in' / 'tälk 1.mp4'
    path.parent.mkdir()
    path.write_bytes(b'')
    return path


@pytest.fixture
def line(recording):
    model = classifier(('a & b', 'Ärger'))
    made = [*windows(model, 1, 0, 30), *windows(model, 2, 12.3, 40, seed=1), *windows(model, None, 0, 8, seed=2)]
    return timeline(source(recording, end_sec=40), model, windows=made)


def test_pympi_reads_the_runs_back(tmp_path, line):
    write_eaf(line, tmp_path / 'out.eaf')
    document = Eaf(str(tmp_path / 'out.eaf'))
    names = ['face 1', 'face 2', 'sound']
    assert list(document.get_tier_names()) == [name for tier in names for name in (tier, f'{tier} probability')]
    for track, name in zip((1, 2, None), names, strict=True):
        runs = runs_of(line, track)
        expected = [
            (
                round(run.start_sec * 1000),
                round(run.end_sec * 1000),
                line.model.names[run.scores.index(max(run.scores))],
            )
            for run in runs
        ]
        assert sorted(document.get_annotation_data_for_tier(name)) == expected
        scores = sorted(document.get_ref_annotation_data_for_tier(f'{name} probability'))
        assert [(start, end, float(score), of) for start, end, score, of in scores] == [
            (start, end, pytest.approx(max(run.scores), abs=5e-4), label)
            for (start, end, label), run in zip(expected, runs, strict=True)
        ]


def test_the_document_is_what_elan_needs(tmp_path, recording, line):
    """By the rules of the format: slots ascend, annotations of a tier follow each other, every reference exists."""
    write_eaf(line, tmp_path / 'out.eaf')
    root = ET.parse(tmp_path / 'out.eaf').getroot()
    assert root.tag == 'ANNOTATION_DOCUMENT' and datetime.fromisoformat(root.get('DATE')).tzinfo
    slots = {slot.get('TIME_SLOT_ID'): int(slot.get('TIME_VALUE')) for slot in root.find('TIME_ORDER')}
    assert list(slots.values()) == sorted(slots.values())
    kinds = {kind.get('LINGUISTIC_TYPE_ID'): kind for kind in root.findall('LINGUISTIC_TYPE')}
    stereotypes = {kind.get('STEREOTYPE') for kind in root.findall('CONSTRAINT')}
    seen = set()
    for tier in root.findall('TIER'):
        kind = kinds[tier.get('LINGUISTIC_TYPE_REF')]
        assert kind.get('CONSTRAINTS') in {*stereotypes, None}
        last = 0
        for annotation in tier.iter('ALIGNABLE_ANNOTATION'):
            assert tier.get('PARENT_REF') is None and kind.get('TIME_ALIGNABLE') == 'true'
            start, end = (slots.pop(annotation.get(f'TIME_SLOT_REF{side}')) for side in (1, 2))
            assert last <= start < end
            last = end
            seen.add(annotation.get('ANNOTATION_ID'))
        for annotation in tier.iter('REF_ANNOTATION'):
            assert annotation.get('ANNOTATION_REF') in seen and kind.get('TIME_ALIGNABLE') == 'false'
    assert not slots and seen
    media = root.find('HEADER/MEDIA_DESCRIPTOR')
    assert media.get('MEDIA_URL') == recording.as_uri()
    assert media.get('RELATIVE_MEDIA_URL') == './in/tälk 1.mp4'
    assert media.get('MIME_TYPE') == 'video/mp4'


def test_a_regression_has_one_tier_per_track(tmp_path):
    model = regressor()
    line = timeline(source('not there.mp4'), model, windows=windows(model, 1, 0, 5, hop_sec=2.56))
    write_eaf(line, tmp_path / 'out.eaf')
    document = Eaf(str(tmp_path / 'out.eaf'))
    assert list(document.get_tier_names()) == ['face 1'] and not document.get_linked_files()
    values = '{:.2f}, arousal {:.2f}'.format(*line.windows[0].scores)
    assert sorted(document.get_annotation_data_for_tier('face 1'))[0] == (0, 2560, f'valence {values}')


def test_without_pympi_it_says_what_to_install(tmp_path, line, monkeypatch):
    monkeypatch.setitem(sys.modules, 'pympi', None)
    with pytest.raises(ConfigError, match='pip install pympi-ling'):
        write_eaf(line, tmp_path / 'out.eaf')
