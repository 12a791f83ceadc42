"""Bounds on what one clip may cost: a damaged header then costs its clip, and not the memory of the machine."""

# Below telephony and above studio recordings lies nothing that a recorder writes.
MIN_RATE_HZ, MAX_RATE_HZ = 2_000, 768_000

# One channel in float32 takes 230 MB; the bound of what is read at once, for clips that are prepared whole.
MAX_SOUND_SEC = 3600.0

# The bound of what a model sees as one window: log-mel takes some 1.2 MB of memory a second.
MAX_WINDOW_SEC = 300.0

# 8K UHD has 33.2 million pixels.
MAX_PICTURE_PIXELS = 36_000_000

# Of the distinct frames of one window, which are in memory together: 0.8 GB.
MAX_WINDOW_PIXELS = 1 << 28
