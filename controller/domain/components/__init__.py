"""The kinds of components, without AWS: an artifact in a bundle, and a target in an environment."""
