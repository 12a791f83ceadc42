"""Registries of the package: children of MMEngine's roots under the scope `mmavf`.

A component is found by its bare name when the config says `default_scope = 'mmavf'`. Components of MMEngine are found
through the parent; those of MMAction2 by their scope, as in `type='mmaction.Resize'`.
"""

from mmengine.registry import DATA_SAMPLERS as MMENGINE_DATA_SAMPLERS
from mmengine.registry import DATASETS as MMENGINE_DATASETS
from mmengine.registry import HOOKS as MMENGINE_HOOKS
from mmengine.registry import LOG_PROCESSORS as MMENGINE_LOG_PROCESSORS
from mmengine.registry import LOOPS as MMENGINE_LOOPS
from mmengine.registry import METRICS as MMENGINE_METRICS
from mmengine.registry import MODEL_WRAPPERS as MMENGINE_MODEL_WRAPPERS
from mmengine.registry import MODELS as MMENGINE_MODELS
from mmengine.registry import OPTIM_WRAPPER_CONSTRUCTORS as MMENGINE_OPTIM_WRAPPER_CONSTRUCTORS
from mmengine.registry import OPTIM_WRAPPERS as MMENGINE_OPTIM_WRAPPERS
from mmengine.registry import OPTIMIZERS as MMENGINE_OPTIMIZERS
from mmengine.registry import PARAM_SCHEDULERS as MMENGINE_PARAM_SCHEDULERS
from mmengine.registry import RUNNERS as MMENGINE_RUNNERS
from mmengine.registry import TRANSFORMS as MMENGINE_TRANSFORMS
from mmengine.registry import VISBACKENDS as MMENGINE_VISBACKENDS
from mmengine.registry import VISUALIZERS as MMENGINE_VISUALIZERS
from mmengine.registry import WEIGHT_INITIALIZERS as MMENGINE_WEIGHT_INITIALIZERS
from mmengine.registry import Registry


def _child(parent: Registry, *locations: str) -> Registry:
    return Registry(parent.name, parent=parent, scope='mmavf', locations=list(locations))


DATASETS = _child(MMENGINE_DATASETS, 'mmavf.datasets')
DATA_SAMPLERS = _child(MMENGINE_DATA_SAMPLERS, 'mmavf.datasets')
TRANSFORMS = _child(MMENGINE_TRANSFORMS, 'mmavf.datasets')

MODELS = _child(MMENGINE_MODELS, 'mmavf.models')
WEIGHT_INITIALIZERS = _child(MMENGINE_WEIGHT_INITIALIZERS, 'mmavf.models')

HOOKS = _child(MMENGINE_HOOKS, 'mmavf.engine', 'mmavf.visualization.loss_curve_hook')
LOG_PROCESSORS = _child(MMENGINE_LOG_PROCESSORS, 'mmavf.engine')
LOOPS = _child(MMENGINE_LOOPS, 'mmavf.engine')
MODEL_WRAPPERS = _child(MMENGINE_MODEL_WRAPPERS, 'mmavf.engine')
OPTIMIZERS = _child(MMENGINE_OPTIMIZERS, 'mmavf.engine')
PARAM_SCHEDULERS = _child(MMENGINE_PARAM_SCHEDULERS, 'mmavf.engine')
RUNNERS = _child(MMENGINE_RUNNERS, 'mmavf.engine')
OPTIM_WRAPPERS = _child(MMENGINE_OPTIM_WRAPPERS, 'mmavf.engine')
OPTIM_WRAPPER_CONSTRUCTORS = _child(MMENGINE_OPTIM_WRAPPER_CONSTRUCTORS, 'mmavf.engine')

METRICS = _child(MMENGINE_METRICS, 'mmavf.evaluation')

VISUALIZERS = _child(MMENGINE_VISUALIZERS, 'mmavf.visualization')
VISBACKENDS = _child(MMENGINE_VISBACKENDS, 'mmavf.visualization')

# preparation of raw data sets: MMEngine has no such parts
RAW_SETS = Registry('raw data set', scope='mmavf', locations=['mmavf.preparation.raw_sets'])
FACE_DETECTORS = Registry('face detector', scope='mmavf', locations=['mmavf.faces'])
PACKS = Registry('pack', scope='mmavf', locations=['mmavf.preparation.packs'])
