"""The kind `database`: it is in no bundle; Selfright takes a snapshot of it before a release."""

from controller.domain.components.kind import Kind

KIND = Kind("database", __name__, "DatabaseTarget")
