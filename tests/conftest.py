"""What holds for all tests: the same examples in every run, whatever else this machine does."""

from hypothesis import HealthCheck, settings

# No deadline, and no complaint about slow examples: both measure how busy the machine is. The same examples each time,
# so that a failure belongs to the change that it appears with. Nothing is remembered between runs.
settings.register_profile(
    "selfright", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.load_profile("selfright")
