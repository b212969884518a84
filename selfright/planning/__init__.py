"""What a release would do, found out by reading alone: on the person's machine, before the upload."""
