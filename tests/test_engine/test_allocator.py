"""Steps on a CPU use again the memory of the step before."""

import torch

from mmavf.engine.allocator import keep_freed_memory
from tests.helpers.forked import run_forked
from tests.helpers.train import run_train

# activations of 12 MiB and of 48 MiB: below and above 32 MiB, the most that glibc takes as a threshold for mappings
STEPS = """
import resource
import torch
from torch import nn
from mmavf.engine.allocator import keep_freed_memory
if {keep}:
    assert keep_freed_memory()
model = nn.Sequential(nn.Linear(64, 16), nn.GELU(), nn.Linear(16, 64), nn.GELU())
x = torch.ones(3 * 2**16, 64)
def usage():
    return resource.getrusage(resource.RUSAGE_SELF)
for step in range(20):
    if step == 10:  # by then blocks have found their places in the heap
        faults, peak = usage().ru_minflt, usage().ru_maxrss
    model(x).sum().backward()
    model.zero_grad()
print((usage().ru_minflt - faults) // 10, usage().ru_maxrss - peak)
"""


# the heap's end before and after 3 GiB at its top are freed; the system lays no page under what nobody writes to
LARGE_BLOCK = """
import ctypes
from mmavf.engine.allocator import keep_freed_memory
libc = ctypes.CDLL(None)
libc.malloc.restype = libc.sbrk.restype = ctypes.c_void_p
libc.malloc.argtypes = [ctypes.c_size_t]
libc.free.argtypes = [ctypes.c_void_p]
assert keep_freed_memory()
block = libc.malloc(3 * 2**30)
end = libc.sbrk(0)
libc.free(block)
print(end - libc.sbrk(0))
"""


def figures(tmp_path, program):
    """What a program prints, run by a process of its own."""
    (tmp_path / 'program.py').write_text(program)
    done = run_forked(tmp_path / 'program.py')
    assert done.returncode == 0, done.stderr
    return map(int, done.stdout.split())


def test_steps_take_no_fresh_pages_and_memory_does_not_grow(tmp_path):
    default, _ = figures(tmp_path, STEPS.format(keep=False))
    kept, growth = figures(tmp_path, STEPS.format(keep=True))
    assert default > 10000  # a 48 MiB tensor alone has 12288 pages
    assert kept < default / 10
    # a block may find a new place late; one a step would be 480 MiB
    assert growth < 4 * 48 * 1024


def test_more_than_2_gib_stay_too(tmp_path):
    assert [*figures(tmp_path, LARGE_BLOCK)] == [0]  # bytes by which the heap shrank


def test_a_run_without_a_gpu_keeps_freed_memory(tmp_path):
    done = run_train(tmp_path, 'train_cfg.max_epochs=1')
    assert done.returncode == 0, done.stderr
    (log,) = tmp_path.glob('*/*.log')
    assert log.read_text().count('freed memory stays with the process') == 1


def test_nothing_changes_with_a_gpu(monkeypatch):
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: True)
    assert not keep_freed_memory()
