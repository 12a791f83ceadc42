"""The iterative audio-visual correlation module and its parts."""

from .cross_fusion import CrossFusion
from .dier_unit import DiERUnit
from .hafe_layer import HAFELayer
from .iavcl_head import IAVCLHead
from .refinement import EvolutionaryRefinement

__all__ = ['CrossFusion', 'DiERUnit', 'EvolutionaryRefinement', 'HAFELayer', 'IAVCLHead']
