"""The target data sets: cards, label spaces, and the settings that configs take from them."""

from .card import Card, Folds, Recipe
from .cards import CARDS, MER_CLASSES
from .settings import list_settings, target_settings

__all__ = ['CARDS', 'MER_CLASSES', 'Card', 'Folds', 'Recipe', 'list_settings', 'target_settings']
