"""The CDK constructs that an application's own stack uses."""
