"""All facts, in the order of the report."""

from selfright.proving.fact import Fact
from selfright.proving.facts import (
    alarms,
    alias,
    cached_error,
    logs,
    metrics,
    permissions,
    preflight,
    publication,
    qualified_arns,
    quotas,
    reads,
    revisions,
    runtime,
    updates,
)

FACTS: tuple[Fact, ...] = (
    publication.FACT,
    cached_error.FACT,
    alias.FACT,
    updates.FACT,
    *metrics.FACTS,
    alarms.FACT,
    *reads.FACTS,
    *revisions.FACTS,
    qualified_arns.FACT,
    permissions.FACT,
    preflight.FACT,
    runtime.FACT,
    logs.FACT,
    quotas.FACT,
)
