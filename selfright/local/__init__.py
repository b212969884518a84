"""AWS on your own machine: the emulator, a door for visitors, visitors, and a deployer for CDK apps.

Everything else in this repository reaches it as it would reach AWS: with `AWS_ENDPOINT_URL`.
"""
