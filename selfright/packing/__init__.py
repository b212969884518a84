"""Puts files into a bundle: checks which files may leave the machine, and writes reproducible zips."""
