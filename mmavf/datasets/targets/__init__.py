"""Target data sets: cards, label spaces, folds, and config settings derived from them."""

from .card import Card, Folds, Recipe, Result
from .cards import CARDS
from .folds import fold_of, folds_by_rule, seeded_folds
from .hybrids import HYBRIDS, hold_out_target, hybrid_settings
from .label_spaces import CEA_ALIGNMENT, CEA_CLASSES, MER_CLASSES
from .one_modality import one_modality, one_modality_loaders
from .own_list import list_settings, unlabelled_settings
from .settings import get_card, target_settings

__all__ = [
    'CARDS',
    'CEA_ALIGNMENT',
    'CEA_CLASSES',
    'HYBRIDS',
    'MER_CLASSES',
    'Card',
    'Folds',
    'Recipe',
    'Result',
    'fold_of',
    'folds_by_rule',
    'get_card',
    'hold_out_target',
    'hybrid_settings',
    'list_settings',
    'one_modality',
    'one_modality_loaders',
    'seeded_folds',
    'target_settings',
    'unlabelled_settings',
]
