"""Putting files into a bundle: what may leave the machine, and zips that are the same whenever they are made."""
