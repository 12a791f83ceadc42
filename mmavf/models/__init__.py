"""Models and their parts; importing this package registers them all."""

from .correlation import *  # noqa: F403
from .data_preprocessors import *  # noqa: F403
from .decoders import *  # noqa: F403
from .encoders import *  # noqa: F403
from .heads import *  # noqa: F403
from .losses import *  # noqa: F403
from .maskers import *  # noqa: F403
from .pretrainers import *  # noqa: F403
from .recognizers import *  # noqa: F403
from .targets import *  # noqa: F403
