"""The sandbox of `selfright prove`: a small application, and what each fact is tried on."""
