"""Ways to choose a checkpoint; apart from `Protocol`, so that a command line knows them without loading MMEngine."""

SELECTIONS = ('strict', 'paper')
