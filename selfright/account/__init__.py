"""A person's view of one AWS account: the controller, its ledger, its logs, and its commands."""
