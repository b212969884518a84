"""The kind `database`: no release brings it; a snapshot is taken before one."""

from controller.domain.components.kind import Kind

KIND = Kind("database", __name__, "DatabaseTarget")
