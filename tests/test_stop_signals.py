"""SIGTERM saves what a training has done, Ctrl-C ends it, and neither is missed."""

import argparse
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest
import torch
from mmengine.hooks import Hook

from mmavf import stop_signals as module
from mmavf.cli.program import run_command
from mmavf.stop_signals import PARENT_VARIABLE, Stopped, stop_signals, stops
from tests.helpers.train import ROOT, TINY, TINY_FOLDS, assert_same_weights, run_train, tiny_runner

TERM, INT = int(signal.SIGTERM), int(signal.SIGINT)


@pytest.fixture(scope='module')
def uninterrupted(tmp_path_factory):
    work_dir = tmp_path_factory.mktemp('uninterrupted')
    tiny_runner(work_dir).train()
    return work_dir


class At(Hook):
    """Calls a function at a point of a run."""

    priority = 'LOWEST'

    def __init__(self, point, act, iteration=None):
        setattr(self, point, lambda runner, **kwargs: act() if iteration in (None, runner.iter + 1) else None)


def told(number):
    return lambda: os.kill(os.getpid(), number)


def train_until_stopped(work_dir, hook, **options):
    """Train in this process; return what is told at the end."""
    runner = tiny_runner(work_dir, **options)
    runner.register_hook(hook)
    with stop_signals():
        with pytest.raises(Stopped):
            runner.train()
        assert not (work_dir / '.lock').exists()
        return stops.text()


@pytest.mark.parametrize('iteration', [13, 16, 22])  # in an epoch; where a checkpoint is written anyway; at its end
def test_sigterm_in_an_epoch_saves_and_the_resumed_run_is_the_same(tmp_path, uninterrupted, iteration):
    text = train_until_stopped(tmp_path, At('after_train_iter', told(TERM), iteration))
    saved = tmp_path / f'iter_{iteration}.pth'
    assert text == f'Stopped by SIGTERM. {saved} holds all of the run: continue from it with --resume.'
    assert (tmp_path / 'last_checkpoint').read_text() == str(saved)
    runner = tiny_runner(tmp_path, resume=True)
    runner.train()
    assert runner.iter == 33
    assert_same_weights(tmp_path / 'epoch_3.pth', uninterrupted / 'epoch_3.pth')
    one, other = (torch.load(folder / 'epoch_3.pth', weights_only=True) for folder in (tmp_path, uninterrupted))
    assert torch.equal(*(saved['meta']['resume']['rng_states'][0]['torch'] for saved in (one, other)))


def test_accumulated_gradients_are_not_cut(tmp_path):
    text = train_until_stopped(tmp_path, At('after_train_iter', told(TERM), 4), optim_wrapper__accumulative_counts=5)
    assert 'iter_5.pth holds all of the run' in text


def test_no_checkpoint_where_one_takes_too_long(tmp_path):
    runner = tiny_runner(tmp_path)
    saver = next(hook for hook in runner.hooks if hasattr(hook, 'save_before_stop'))
    runner.register_hook(At('after_train_iter', lambda: setattr(saver, '_save_sec', 25.0), 5))
    runner.register_hook(At('after_train_iter', told(TERM), 6))
    with stop_signals():
        with pytest.raises(Stopped):
            runner.train()
        assert stops.text() == (
            'Stopped by SIGTERM. Nothing was saved, as a checkpoint takes longer than is left. The last checkpoint is '
            f'{tmp_path}/iter_4.pth: continue from it with --resume.'
        )
    assert not (tmp_path / 'iter_6.pth').exists()


def test_while_an_epoch_is_saved_sigterm_waits_and_the_epoch_counts(tmp_path):
    text = train_until_stopped(tmp_path, At('before_save_checkpoint', told(TERM), 11 + 1))
    assert f'The last checkpoint is {tmp_path}/epoch_1.pth' in text
    assert torch.load(tmp_path / 'epoch_1.pth', weights_only=True)['meta']['epoch'] == 1


@pytest.mark.parametrize('number', [TERM, INT])
def test_a_validation_is_left_at_once(tmp_path, number):
    runner = tiny_runner(tmp_path, TINY_FOLDS, protocol__fold='1', protocol__selection='paper', protocol__val_share=0.0)
    runner.register_hook(At('after_val_iter', told(number)))
    with stop_signals():
        with pytest.raises(Stopped):
            runner.train()
        assert 'epoch_1.pth: continue from it with --resume' in stops.text()


def swallow(act):
    with suppress(KeyboardInterrupt):
        act()


@pytest.mark.parametrize('point', ['after_train_iter', 'before_save_checkpoint'])
def test_ctrl_c_that_a_callback_swallows_is_not_lost(tmp_path, point):
    text = train_until_stopped(tmp_path, At(point, lambda: swallow(told(INT))))
    assert text.startswith('Stopped by Ctrl-C. ')
    assert not list(tmp_path.glob('*.unfinished'))
    assert {path.name for path in tmp_path.glob('*.pth')} == ({'iter_4.pth'} if 'save' in point else set())


def test_a_second_ctrl_c_ends_the_process_whatever_it_does():
    with stop_signals():
        with pytest.raises(Stopped):
            os.kill(os.getpid(), INT)
        assert signal.getsignal(signal.SIGINT) == signal.SIG_DFL
    assert signal.getsignal(signal.SIGINT) == signal.default_int_handler
    assert stops.received is None


def test_a_command_ends_with_one_sentence_and_the_signals_status(capsys):
    for number, status, name in ((INT, 130, 'Ctrl-C'), (TERM, 143, 'SIGTERM')):

        def command(args, number=number):
            stops.outcome = lambda: 'Go on.'
            os.kill(os.getpid(), number)
            time.sleep(5)

        assert run_command(command, argparse.Namespace()) == status
        assert capsys.readouterr().err == f'Stopped by {name}. Go on.\n'


def test_a_step_that_does_not_end_costs_the_checkpoint_not_the_deadline(monkeypatch, capfd):
    ended = threading.Event()
    statuses = []
    monkeypatch.setattr(module.os, '_exit', lambda status: (statuses.append(status), ended.set()))
    with stop_signals():
        stops.grace_sec, stops.in_steps = 0.05, True
        stops.outcome = lambda: 'The last one is a.'
        os.kill(os.getpid(), TERM)
        assert ended.wait(5)
    assert statuses == [143]
    assert 'Stopped by SIGTERM. No step ended within 0 s, so nothing was saved. The last' in capfd.readouterr().err


def start(work_dir, *options, config=TINY, script='train.py', args=()):
    command = [
        sys.executable,
        ROOT / 'tools' / script,
        config,
        '--work-dir',
        work_dir,
        *args,
        '--cfg-options',
        *options,
    ]
    env = {**os.environ, 'PYTHONPATH': str(ROOT), 'OMP_NUM_THREADS': '1', 'CUDA_VISIBLE_DEVICES': ''}
    pipes = dict(stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    return subprocess.Popen(list(map(str, command)), env=env, cwd=ROOT, start_new_session=True, **pipes)


@pytest.mark.slow
@pytest.mark.parametrize('number', [TERM, INT])
def test_a_signal_to_all_processes_of_a_run(tmp_path, uninterrupted, number):
    """As Slurm and a terminal send it: the data workers get it, too."""
    hook = 'custom_hooks.2.after=13', f'custom_hooks.2.number={number}', 'custom_hooks.2.group=True'
    with start(tmp_path, *hook, 'train_dataloader.num_workers=2') as process:
        _, errors = process.communicate(timeout=300)
    assert process.returncode == 128 + number, errors
    assert 'Traceback' not in errors and 'Exception ignored' not in errors
    saved = 'iter_13.pth holds all' if number == TERM else f'The last checkpoint is {tmp_path}/iter_12.pth'
    assert saved in errors.strip().splitlines()[-1]
    assert run_train(tmp_path, args=['--resume']).returncode == 0
    assert_same_weights(tmp_path / 'epoch_3.pth', uninterrupted / 'epoch_3.pth')


@pytest.mark.slow
def test_two_ranks_stop_after_the_same_step(tmp_path):
    def run(name, *options, args=()):
        return run_train(tmp_path / name, *options, args=args, processes=2)

    assert run('whole', 'train_cfg.max_epochs=4').returncode == 0
    stopped = run('cut', 'train_cfg.max_epochs=4', 'custom_hooks.2.after=7', f'custom_hooks.2.number={TERM}')
    assert stopped.returncode != 0
    assert 'holds all of the run: continue from it with --resume' in stopped.stderr, stopped.stderr
    (note,) = [(tmp_path / 'cut' / 'last_checkpoint').read_text()]
    assert note.endswith('iter_10.pth')  # the epoch's end, which comes before rank 0's margin
    assert run('cut', 'train_cfg.max_epochs=4', args=['--resume']).returncode == 0
    assert_same_weights(tmp_path / 'whole' / 'epoch_4.pth', tmp_path / 'cut' / 'epoch_4.pth')


@pytest.mark.slow
@pytest.mark.parametrize('rank', [0, 1])
def test_a_rank_that_alone_is_told_to_stop_ends_in_time(tmp_path, rank):
    """Whatever the others do: there is no waiting for them."""
    start_sec = time.time()
    hook = 'custom_hooks.2.after=3', f'custom_hooks.2.number={TERM}', f'custom_hooks.2.rank={rank}'
    stopped = run_train(tmp_path, *hook, 'train_cfg.max_epochs=1000', processes=2)
    assert stopped.returncode != 0 and time.time() - start_sec < 150
    assert list(tmp_path.glob('*.pth')) and not list(tmp_path.glob('*.unfinished'))


def alive(pid):
    try:
        return Path(f'/proc/{pid}/stat').read_text().rsplit(')')[-1].split()[0] != 'Z'
    except FileNotFoundError:
        return False


def children(pid):
    lists = [task / 'children' for task in Path(f'/proc/{pid}/task').iterdir()]
    return [int(word) for found in lists for word in found.read_text().split()]


@pytest.mark.slow
@pytest.mark.parametrize('number', [TERM, INT, int(signal.SIGKILL)])
def test_a_cross_validation_takes_its_processes_along(tmp_path, number):
    process = start(
        tmp_path,
        'train_cfg.max_epochs=500',
        config=TINY_FOLDS,
        script='cross_validate.py',
        args=['--selection', 'paper'],
    )
    with process:
        while not (tmp_path / 'fold_1' / 'last_checkpoint').exists():
            assert process.poll() is None
            time.sleep(0.05)
        folds = children(process.pid)
        assert folds
        os.kill(process.pid, number)
        _, errors = process.communicate(timeout=60)
    deadline = time.time() + 5
    while any(map(alive, folds)) and time.time() < deadline:
        time.sleep(0.05)
    assert not any(map(alive, folds))
    if number != signal.SIGKILL:
        assert process.returncode == 128 + number and 'Traceback' not in errors
        assert errors.strip().splitlines()[-1].endswith('Run the same command again to continue.')
        assert 'continue from it with --resume' in (tmp_path / 'fold_1' / 'train.log').read_text()


def test_a_process_whose_starter_is_gone_does_not_begin():
    code = 'from mmavf.stop_signals import end_with_parent as end; end(); print("began")'
    env = {**os.environ, 'PYTHONPATH': str(ROOT), PARENT_VARIABLE: '1'}
    done = subprocess.run([sys.executable, '-c', code], env=env, capture_output=True, text=True)
    assert done.returncode == -signal.SIGKILL and not done.stdout
