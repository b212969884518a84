"""What runs on a person's machine: the command line, the status page, the local AWS."""
