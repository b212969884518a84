"""The commands about a whole account: how AWS is there, and whether a release could work."""
