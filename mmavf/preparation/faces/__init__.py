"""Finding, following and cropping of the face of a clip."""
