"""What settings and options choose from; in a file of its own, so that a command line knows it without MMEngine."""

SELECTIONS = ('strict', 'paper')  # ways to choose a checkpoint
COLUMNS = ('fold', 'subject')  # that divide a list
