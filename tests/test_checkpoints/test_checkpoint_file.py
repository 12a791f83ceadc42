"""Checkpoints that are damaged, or something else: said in one sentence, whatever the reader stumbles over."""

import gzip
import io
import os
import pickle
import random
import struct
import tarfile
import zipfile

import numpy as np
import pytest
import torch
from mmengine.runner.checkpoint import CheckpointLoader
from safetensors.torch import save_file

from mmavf.checkpoints import archive_check
from mmavf.checkpoints.safe_globals import load_from_local
from mmavf.errors import CheckpointError
from mmavf.protocol.provenance import read_meta
from tests.helpers.damage import flip


def content(size=300):
    generator = torch.Generator().manual_seed(0)
    weights = {f'w{number}': torch.randn(size, generator=generator) for number in range(3)}
    return dict(state_dict=weights, meta=dict(epoch=3), optimizer=dict(state={0: dict(exp_avg=torch.ones(5))}))


def same(one, other):
    if isinstance(one, torch.Tensor):
        return isinstance(other, torch.Tensor) and torch.equal(one, other)
    if isinstance(one, dict):
        return isinstance(other, dict) and one.keys() == other.keys() and all(same(one[k], other[k]) for k in one)
    return one == other


@pytest.fixture
def path(tmp_path):
    path = tmp_path / 'epoch_3.pth'
    torch.save(content(), path)
    return path


def position(path, name):
    """First byte of a member's content."""
    data = path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        start = archive.getinfo(name).header_offset
    name_size, extra_size = struct.unpack('<HH', data[start + 26 : start + 30])
    return start + 30 + name_size + extra_size


def test_a_flipped_bit_in_a_weight_is_found_and_its_part_named(path):
    flip(path, 8 * (position(path, 'epoch_3/data/1') + 100) + 6)
    assert torch.load(path, weights_only=True)['state_dict'].keys() == {'w0', 'w1', 'w2'}  # torch does not see it
    for load in (load_from_local, CheckpointLoader.load_checkpoint):
        with pytest.raises(CheckpointError, match=r'epoch_3\.pth is damaged: its part epoch_3/data/1 .*another'):
            load(str(path))
    assert read_meta(path) == dict(epoch=3)  # which does not read the weights


def test_any_flipped_bit_is_found_or_changes_nothing(path):
    whole, random_ = path.read_bytes(), random.Random(0)
    expected, found = load_from_local(str(path)), 0
    for bit in random_.sample(range(8 * len(whole)), 150) + list(range(0, 8 * 30, 5)):
        path.write_bytes(whole)
        flip(path, bit)
        try:
            assert same(load_from_local(str(path)), expected), bit
        except CheckpointError:
            found += 1
    assert found > 60  # the rest is padding, or numbers that nobody reads


def test_a_large_part_is_read_in_blocks_to_its_end(path, monkeypatch):
    monkeypatch.setattr(archive_check, '_BLOCK', 64)
    assert same(load_from_local(str(path)), content())
    flip(path, 8 * (position(path, 'epoch_3/data/2') + 4 * 300 - 1))
    with pytest.raises(CheckpointError, match='data/2'):
        load_from_local(str(path))


def test_an_archive_without_checksums_is_read_with_a_warning(path, monkeypatch):
    told = []
    monkeypatch.setattr(archive_check, 'print_log', lambda *words: told.append(words))
    before = torch.serialization.get_crc32_options()
    torch.serialization.set_crc32_options(False)
    try:
        torch.save(content(), path)
    finally:
        torch.serialization.set_crc32_options(before)
    assert same(load_from_local(str(path)), content())
    assert [words[0] for words in told] == [f'{path} was written without checksums: damage cannot be seen.']


def test_the_old_format_is_read_as_before(path):
    torch.save(content(), path, _use_new_zipfile_serialization=False)
    assert same(load_from_local(str(path)), content())
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(CheckpointError, match='cut off or damaged'):
        load_from_local(str(path))


@pytest.mark.parametrize('share', [0.05, 0.5, 0.99])
def test_a_cut_archive_is_said_to_be_cut_off(path, share):
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(CheckpointError, match=r'epoch_3\.pth is cut off or damaged'):
        load_from_local(str(path))


def _tar():
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode='w') as archive:
        archive.addfile(tarfile.TarInfo('epoch_3.pth'))
    return buffer.getvalue()


def _zip(*names):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, 'w') as archive:
        for name in names:
            archive.writestr(name, 'x')
    return buffer.getvalue()


def _npy():
    buffer = io.BytesIO()
    np.save(buffer, np.ones(3))
    return buffer.getvalue()


OTHERS = {
    'empty': b'',
    'a text file': b'train loss 3.1\nval loss 2.9\n' * 9,
    'a text file ': 'Müde Größen'.encode('latin-1'),
    'a text file  ': 'lists'.encode('utf-16'),
    'Git LFS pointer': b'version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n',
    'a web page': b'\n<!DOCTYPE html>\n<html><body>Sign in</body></html>',
    'a web page ': b'<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>',
    'a gzip file': gzip.compress(b'weights'),
    'a tar archive': _tar(),
    'a plain pickle': pickle.dumps(dict(w=1)),
    'a NumPy array': _npy(),
    'an HDF5 file': b'\x89HDF\r\n\x1a\n' + bytes(100),
    'full of zeros': bytes(4096),
    'TorchScript': _zip('m/data.pkl', 'm/constants.pkl'),
    'it holds arr_0.npy': _zip('arr_0.npy'),
    'it holds run/epoch_1.pth': _zip('run/epoch_1.pth', 'run/log'),
    'it holds nothing': _zip(),
    'no checkpoint': b'\x00\x01\x02\x03' * 50,
}


@pytest.mark.parametrize('what', OTHERS)
def test_another_file_is_called_by_its_name(tmp_path, what):
    path = tmp_path / 'weights.pth'
    path.write_bytes(OTHERS[what])
    with pytest.raises(CheckpointError) as caught:
        load_from_local(str(path))
    assert f'{path} is ' in str(caught.value) and what.strip() in str(caught.value)
    assert str(caught.value).count('\n') == 0


def test_folders_pipes_and_locked_files_are_named(tmp_path):
    with pytest.raises(CheckpointError, match='is a folder'):
        load_from_local(str(tmp_path))
    os.mkfifo(tmp_path / 'pipe')
    with pytest.raises(CheckpointError, match='is a pipe'):  # and is not waited for
        load_from_local(str(tmp_path / 'pipe'))
    for address in ('s3://bucket/a.pth', 'pavi://a', 'gs://bucket/a.pth', 'petrel://a'):
        with pytest.raises(CheckpointError, match=f'Checkpoint {address}: of addresses only http'):
            CheckpointLoader.load_checkpoint(address)
    for address in ('modelzoo://no_such', 'openmmlab://no_such', 'mmcls://no_such', 'http://127.0.0.1:9/a.pth'):
        with pytest.raises(CheckpointError, match=address):
            CheckpointLoader.load_checkpoint(address)


@pytest.mark.parametrize(
    'error', [IndexError, AttributeError, TypeError, struct.error, EOFError, KeyError, RecursionError, OverflowError]
)
def test_whatever_the_unpickler_raises_is_one_error(path, monkeypatch, error):
    def fail(*args, **kwargs):
        raise error('pop from empty stack')

    monkeypatch.setattr(torch, 'load', fail)
    with pytest.raises(CheckpointError, match=r'epoch_3\.pth is cut off or damaged\.') as caught:
        load_from_local(str(path))
    assert 'stack' not in str(caught.value)


def test_safetensors_are_known_by_their_bytes(tmp_path):
    weights = dict(a=torch.ones(3, dtype=torch.bfloat16), b=torch.arange(4))
    save_file(weights, tmp_path / 'named.pth', metadata=dict(format='pt'))
    read = CheckpointLoader.load_checkpoint(str(tmp_path / 'named.pth'))
    assert same(read, dict(state_dict=weights, meta={}))
    assert read_meta(tmp_path / 'named.pth') == {}


def test_any_damage_to_safetensors_is_one_error_or_a_changed_number(tmp_path):
    path = tmp_path / 'weights.safetensors'
    save_file(dict(a=torch.ones(8), b=torch.zeros(2)), path)
    whole = path.read_bytes()
    for size in range(len(whole)):
        path.write_bytes(whole[:size])
        with pytest.raises(CheckpointError, match=r'weights\.safetensors is '):
            load_from_local(str(path))
    header = 8 * (len(whole) - 40)
    for bit in random.Random(0).sample(range(header), 200):
        path.write_bytes(whole)
        flip(path, bit)
        try:
            load_from_local(str(path))
        except CheckpointError as error:
            assert str(path) in str(error)
