"""The kind `state_machine` on AWS."""
