"""What is loaded by now is passed over when garbage is collected, as MMEngine does for each data set that it reads."""

import gc

gc.collect()
gc.freeze()
