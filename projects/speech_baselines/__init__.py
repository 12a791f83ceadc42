"""Features that need no training, and linear classifiers: what a model of speech has to beat."""
