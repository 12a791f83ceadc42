"""decord and torchcodec as readers of clips, in place of the package's own."""
