"""tools/train.py and its shell companions, as a user meets them."""

import argparse
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from mmengine.config import Config
from torch import distributed as dist
from torch import nn

from mmavf.cli.program import run_command
from mmavf.engine import AVFRunner, launch
from tests.helpers.tools import run_here
from tests.helpers.train import ROOT, TINY, TINY_FOLDS, run_train


def test_an_error_is_one_line_and_its_traceback_is_in_the_log(tmp_path):
    done = run_train(tmp_path, 'train_dataloader.dataset.length=1')
    assert done.returncode == 1
    assert 'ConfigError: The training data set has 1 samples, but one optimizer step takes 2' in done.stderr
    assert 'Traceback' not in done.stdout + done.stderr
    (log,) = tmp_path.glob('*/*.log')
    assert 'Traceback' in log.read_text()


def test_a_command_that_ends_well_leaves_no_process_group_to_the_end_of_python(tmp_path):
    before = thread_ids()
    started = set()

    def command(args):
        dist.init_process_group('gloo', init_method=f'file://{tmp_path}/store', rank=0, world_size=1)
        model = nn.parallel.DistributedDataParallel(nn.Linear(1, 1))
        model.cycle = [model]  # as a runner and its model are
        started.update(thread_ids() - before)

    path = sys.path.copy()
    assert run_command(command, argparse.Namespace()) == 0
    sys.path[:] = path  # the command puts the current folder there
    assert not dist.is_initialized()
    assert started
    assert not started & thread_ids()


def thread_ids():
    return {task.name for task in Path('/proc/self/task').iterdir()}


def test_resume_without_a_checkpoint_begins_with_the_weights_of_load_from(tmp_path):
    once = 'train_cfg.max_epochs=1'
    assert run_train(tmp_path / 'first', once).returncode == 0
    begun = run_train(tmp_path / 'second', once, f'load_from={tmp_path}/first/epoch_1.pth', args=['--resume'])
    assert begun.returncode == 0 and f'Weights of {tmp_path}/first/epoch_1.pth' in begun.stdout
    again = run_train(tmp_path / 'second', once, f'load_from={tmp_path}/first/epoch_1.pth', args=['--resume'])
    assert again.returncode == 0 and 'resumed epoch: 1' in again.stdout
    assert f'{tmp_path}/second/epoch_1.pth' in again.stdout


def test_a_work_dir_that_was_moved_is_resumed_where_it_is(tmp_path):
    assert run_train(tmp_path / 'first', 'train_cfg.max_epochs=1').returncode == 0
    (tmp_path / 'first').rename(tmp_path / 'second')
    resumed = run_train(tmp_path / 'second', 'train_cfg.max_epochs=1', args=['--resume'])
    assert resumed.returncode == 0 and f'{tmp_path}/second/epoch_1.pth' in resumed.stdout
    assert not (tmp_path / 'first').exists()


def test_clipping_is_switched_on_from_the_command_line(tmp_path):
    done = run_train(tmp_path, 'optim_wrapper.clip_grad.max_norm=0.5', 'train_cfg.max_epochs=1')
    assert done.returncode == 0, done.stderr
    refused = run_train(tmp_path, 'load_from.path=x', 'train_cfg.max_epochs=1')
    assert refused.returncode == 1 and 'ConfigError' in refused.stderr and 'Traceback' not in refused.stderr


def test_a_misspelt_override_is_refused(tmp_path):
    done = run_train(tmp_path, 'train_datalaoder.batch_size=2')
    assert done.returncode == 1 and "'train_datalaoder'" in done.stderr
    assert 'Traceback' not in done.stderr


@pytest.mark.parametrize(
    ('override', 'message'),
    [
        ('train_dataloader.dataset.lenght=2', "unexpected keyword argument 'lenght'"),
        ('model.type=TinyModle', 'TinyModle is not in the mmavf::model registry'),
    ],
)
def test_names_that_no_component_has_are_one_clear_error(tmp_path, override, message):
    done = run_train(tmp_path, override)
    assert done.returncode == 1 and 'ConfigError: ' in done.stderr and message in done.stderr
    assert done.stderr.endswith(' (look for the name in the config and in --cfg-options)\n')
    assert 'Traceback' not in done.stderr


@pytest.mark.parametrize(
    'command',
    [
        ['train.py', 'none.py'],
        ['cross_validate.py', 'none.py'],
        ['analysis_tools/get_complexity.py', 'none.py'],
        ['misc/check_lists.py', 'none.py'],
        ['misc/browse_dataset.py', 'none.py', '--out', 'pictures'],
        ['data/doctor.py', 'none.py'],
        ['visualizations/vis_reconstruction.py', 'none.py', 'none.pth', '--video', 'a.mp4', '--out', 'pictures'],
        ['visualizations/vis_tsne.py', 'none.py', 'none.pth'],
    ],
)
def test_a_config_that_is_not_there(command, monkeypatch, capsys):
    status, _, errors = run_here(*command, monkeypatch=monkeypatch, capsys=capsys)
    assert status and 'none.py: there is no such config' in f'{status} {errors}'


def test_errors_of_components_themselves_keep_their_traceback():
    def command(args):
        raise TypeError('of a component')

    with pytest.raises(TypeError, match='of a component'):
        run_command(command, argparse.Namespace(debug=False))


def test_another_runner_does_not_train_on_labels(tmp_path):
    done = run_train(tmp_path, 'runner_type=FlexibleRunner', config=TINY_FOLDS, args=['--fold', '1'])
    assert done.returncode == 1 and 'FlexibleRunner knows no folds' in done.stderr
    assert not list(tmp_path.iterdir())


def test_this_projects_runner_may_be_named_and_others_must_exist(tmp_path, monkeypatch, capsys):
    built = []
    monkeypatch.setattr(
        AVFRunner, 'from_cfg', classmethod(lambda cls, cfg: built.append(cls) or argparse.Namespace(train=list))
    )
    for name, status in (('AVFRunner', 0), ('mmavf.AVFRunner', 0), ('AVRunner', 1)):
        words = (TINY_FOLDS, '--work-dir', tmp_path, '--cfg-options', f'runner_type={name}')
        done = run_here('train.py', *words, monkeypatch=monkeypatch, capsys=capsys)
        assert done[0] == status
    assert built == [AVFRunner] * 2
    assert "runner_type 'AVRunner': there is no such runner" in done[2]


def test_an_error_in_a_worker_is_one_line_too(tmp_path):
    done = run_train(tmp_path, 'train_dataloader.dataset.bad_clip=3', 'train_dataloader.num_workers=1')
    assert done.returncode == 1
    assert 'ClipError: clip 3 is broken' in done.stderr
    assert 'Traceback' not in done.stdout + done.stderr


@pytest.mark.parametrize(
    'script', ['dist_train.sh', 'dist_test.sh', 'dist_run.sh', 'slurm_train.sh', 'slurm_test.sh', 'slurm_run.sh']
)
def test_shell_scripts_explain_themselves(script):
    done = subprocess.run([ROOT / 'tools' / script], capture_output=True, text=True)
    assert done.returncode == 2
    assert f'tools/{script}' in done.stdout


@pytest.mark.parametrize(
    ('script', 'arguments', 'started'),
    [
        ('dist_train.sh', 'CONFIG 4 --fold 3 --amp', 'train.py CONFIG --fold 3 --amp --launcher pytorch'),
        ('dist_test.sh', 'CONFIG CKPT 4 --fold 3', 'test.py CONFIG CKPT --fold 3 --launcher pytorch'),
        ('slurm_train.sh', 'part job CONFIG --fold 3', 'train.py CONFIG --fold 3 --launcher slurm'),
        ('slurm_test.sh', 'part job CONFIG CKPT --fold 3', 'test.py CONFIG CKPT --fold 3 --launcher slurm'),
    ],
)
def test_shell_scripts_hand_on_their_arguments(tmp_path, script, arguments, started):
    for name in ('srun', 'python'):
        (tmp_path / name).write_text(f'#!/bin/sh\necho {name} "$@"\n')
        (tmp_path / name).chmod(0o755)
    env = {**os.environ, 'PATH': f'{tmp_path}:{os.environ["PATH"]}', 'GPUS': '4'}
    done = subprocess.run([ROOT / 'tools' / script, *arguments.split()], env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().endswith(f'{ROOT}/tools/{started}')
    assert ('--nproc_per_node=4' if 'dist' in script else '--ntasks=4') in done.stdout


@pytest.mark.parametrize(
    ('variables', 'meeting'),
    [
        (dict(), '--standalone'),
        (dict(PORT='29501'), '--master_port=29501'),
        (
            dict(NNODES='2', NODE_RANK='1', MASTER_ADDR='10.0.0.1'),
            '--node_rank=1 --master_addr=10.0.0.1 --master_port=29500',
        ),
    ],
)
def test_where_processes_meet(tmp_path, variables, meeting):
    (tmp_path / 'python').write_text('#!/bin/sh\necho "$@"\n')
    (tmp_path / 'python').chmod(0o755)
    env = {
        name: value for name, value in os.environ.items() if name not in ('PORT', 'NNODES', 'NODE_RANK', 'MASTER_ADDR')
    }
    env |= dict(PYTHON=str(tmp_path / 'python'), **variables)
    done = subprocess.run([ROOT / 'tools/dist_train.sh', 'CONFIG', '2'], env=env, capture_output=True, text=True)
    assert meeting in done.stdout and ('--standalone' in done.stdout) == (not variables)


def free_port():
    """A port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(('127.0.0.1', 0))
        return listener.getsockname()[1]


@pytest.mark.slow
def test_dist_train_runs_two_processes(tmp_path):
    config = ROOT / 'tests' / 'helpers' / 'tiny_pretrain.py'
    done = subprocess.run(
        ['bash', ROOT / 'tools' / 'dist_train.sh', config, '2', '--work-dir', tmp_path],
        env={**os.environ, 'PYTHON': sys.executable, 'PORT': str(free_port()), 'CUDA_VISIBLE_DEVICES': ''},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert 'Total batch 4 = 2 per process × 2 processes × 1 accumulated: learning rate × 4/256' in done.stdout
    assert (tmp_path / 'epoch_3.pth').exists()


def test_workers_are_the_cores_of_each_local_process(monkeypatch):
    monkeypatch.setattr(launch.os, 'sched_getaffinity', lambda pid: set(range(64)), raising=False)
    for local, expected in ((1, 10), (8, 8), (64, 1), (100, 1)):
        monkeypatch.setenv('LOCAL_WORLD_SIZE', str(local))
        cfg = Config(dict(train_dataloader=dict(num_workers='auto', persistent_workers=True)))
        launch.resolve_loaders(cfg)
        assert cfg.train_dataloader == dict(num_workers=expected, persistent_workers=True)


@pytest.mark.parametrize(
    ('variables', 'expected'),
    [
        (dict(SLURM_CPUS_PER_TASK='6', SLURM_NTASKS_PER_NODE='8'), 6),  # srun, whether tasks are bound to cores or not
        (dict(SLURM_CPUS_PER_TASK='64', LOCAL_WORLD_SIZE='8'), 4),  # torchrun inside a Slurm task
        (dict(SLURM_NTASKS_PER_NODE='8'), 10),
    ],
)
def test_workers_under_slurm(monkeypatch, variables, expected):
    monkeypatch.setattr(launch.os, 'sched_getaffinity', lambda pid: set(range(32)), raising=False)
    for name in ('SLURM_CPUS_PER_TASK', 'LOCAL_WORLD_SIZE'):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    cfg = dict(train_dataloader=dict(num_workers='auto'))
    launch.resolve_loaders(cfg)
    assert cfg['train_dataloader']['num_workers'] == expected


@pytest.mark.parametrize(
    ('limit', 'jobs', 'expected'), [('max 100000', 1, 10), ('400000 100000', 1, 4), ('50000 100000', 1, 1), ('', 4, 8)]
)
def test_workers_in_a_container_and_of_several_folds_at_a_time(tmp_path, monkeypatch, limit, jobs, expected):
    monkeypatch.setattr(launch.os, 'sched_getaffinity', lambda pid: set(range(32)), raising=False)
    monkeypatch.setattr(launch, 'CPU_MAX', tmp_path / 'cpu.max')
    if limit:
        (tmp_path / 'cpu.max').write_text(limit + '\n')
    for name in ('SLURM_CPUS_PER_TASK', 'LOCAL_WORLD_SIZE'):
        monkeypatch.delenv(name, raising=False)
    for name, value in launch.share_cores(jobs).items():
        monkeypatch.setenv(name, value)
    cfg = dict(train_dataloader=dict(num_workers='auto'))
    launch.resolve_loaders(cfg)
    assert cfg['train_dataloader']['num_workers'] == expected


def test_a_runner_built_in_python_counts_workers_too(tmp_path, monkeypatch):
    monkeypatch.setattr(launch.os, 'sched_getaffinity', lambda pid: {0, 1}, raising=False)
    monkeypatch.delenv('LOCAL_WORLD_SIZE', raising=False)
    monkeypatch.delenv('SLURM_CPUS_PER_TASK', raising=False)
    cfg = Config.fromfile(TINY)
    cfg.merge_from_dict({'work_dir': str(tmp_path), 'train_dataloader.num_workers': 'auto'})
    assert AVFRunner.from_cfg(cfg).train_loop.dataloader.num_workers == 2
    assert cfg.train_dataloader.num_workers == 'auto'


def test_a_config_may_import_modules_of_the_working_directory(tmp_path):
    config = 'projects/example_project/configs/tiny_row_mask.py'
    env = {name: value for name, value in os.environ.items() if name != 'PYTHONPATH'}
    command = [sys.executable, 'tools/train.py', config, '--work-dir', tmp_path]
    command += ['--cfg-options', 'train_dataloader.dataset.ann_file=/nowhere/list.csv']
    done = subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.strip().splitlines()[-1].startswith('ListError: '), done.stderr


def test_a_loader_without_workers_loses_their_options(monkeypatch):
    monkeypatch.setattr(launch.torch.cuda, 'is_available', lambda: False)
    cfg = Config(
        dict(
            train_dataloader=dict(num_workers=0, persistent_workers=True, prefetch_factor=4, pin_memory=True),
            val_dataloader=None,
        )
    )
    launch.resolve_loaders(cfg)
    assert cfg.train_dataloader == dict(num_workers=0)
