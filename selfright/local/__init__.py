"""AWS on your own machine: the emulator, an edge for visitors, simulated visitors, and a deployer for CDK apps.

All other code in this repository uses it like AWS, by `AWS_ENDPOINT_URL`.
"""
