"""Moved: see `controller.domain.strict_yaml`."""

from controller.domain.strict_yaml import MAX_BYTES, read_flat_yaml, read_yaml

__all__ = ["MAX_BYTES", "read_flat_yaml", "read_yaml"]
