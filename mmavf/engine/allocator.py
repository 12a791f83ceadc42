"""Memory of freed tensors, as the C library's allocator keeps it."""

import ctypes

import torch

M_TRIM_THRESHOLD = -1  # options of mallopt, from glibc's malloc.h
M_MMAP_MAX = -4


def keep_freed_memory() -> bool:
    """Let freed tensors' memory stay with the process where tensors live in glibc's heap; return whether it does.

    glibc gives large blocks back to the system as soon as they are freed. Each training step then gets its activations
    and gradients as fresh pages, which the system clears one by one at first touch. Here no block is a mapping of its
    own (a threshold for mappings would be 32 MiB at most, less than many tensors) and the heap never shrinks (-1; the
    largest threshold would still give back what is free beyond 2 GiB), so the process keeps the most memory that it
    had. It holds for the whole process and for those forked from it, such as data workers. Nothing changes with a GPU,
    whose allocator is PyTorch's own, or with another C library.
    """
    mallopt = getattr(ctypes.CDLL(None), 'mallopt', None)
    if torch.cuda.is_available() or mallopt is None:
        return False
    return bool(mallopt(M_MMAP_MAX, 0) and mallopt(M_TRIM_THRESHOLD, -1))
