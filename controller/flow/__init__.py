"""What each state of the workflow does, written against the ports."""
