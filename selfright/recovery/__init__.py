"""Recovery from a restore point, with a person's own credentials: it works when the controller does not."""
