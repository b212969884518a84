"""Recovery from a restore point with a person's own credentials: it works even without the controller."""
