"""Comparison of models with a folder of reference numbers."""

from . import avfmae  # registers its cases
from .cases import ReferenceCase, case_names, find_case, register_case
from .compare import Finding
from .finetune import FinetuneCase
from .pretrain import PretrainCase
from .runs import Variant, common_layout, folder_loader
from .tables import LayerDecayCase, TableCase, TransferCase

__all__ = [
    'FinetuneCase',
    'Finding',
    'LayerDecayCase',
    'PretrainCase',
    'ReferenceCase',
    'TableCase',
    'TransferCase',
    'Variant',
    'avfmae',
    'case_names',
    'common_layout',
    'find_case',
    'folder_loader',
    'register_case',
]
