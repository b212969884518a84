"""A person's view of one AWS account: the controller, its ledger, logs, and what a person can ask of it."""
