"""Makes release bundles."""
