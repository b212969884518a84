"""Fuzzing of everything that reads what a stranger made: no input may raise anything but the domain's own errors.

`python -m tests.fuzzing [READER …]` does it with coverage, for as long as you like; it needs the package `atheris`,
which nothing else needs. The tests do a seeded minute of it without that package.
"""
