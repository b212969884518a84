"""The release that this code belongs to; `build.py` writes it here."""

VERSION = "%VERSION%"
