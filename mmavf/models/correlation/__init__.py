"""The iterative audio-visual correlation module and its parts."""

from .dier_unit import DiERUnit
from .hafe_layer import HAFELayer
from .iavcl_head import IAVCLHead
from .refinement import EvolutionaryRefinement

__all__ = ['DiERUnit', 'EvolutionaryRefinement', 'HAFELayer', 'IAVCLHead']
