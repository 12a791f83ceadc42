"""Which data a run is trained, selected and tested on, and what a checkpoint says about it."""
