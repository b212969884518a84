"""The lines from which CloudWatch makes metrics."""

import json
from datetime import UTC, datetime

from controller.aws.markers import DIMENSIONS, METRIC, NAMESPACE, EmfMarkers
from controller.domain.deployment import Deployment, Upload
from controller.domain.phases import Phase

AT = datetime(2026, 1, 2, 3, 4, 5, 678000, UTC)


def marked() -> tuple[str, dict[str, object]]:
    """The line for a shift, as text and as a document."""
    lines: list[str] = []
    upload = Upload("bucket", "key", "v1", 1, AT)
    deployment = Deployment("d2", "shop", "prod", Phase.SHIFTING, upload, "arn", AT, AT, version="2.0.0", weight=10)
    EmfMarkers(lines.append).mark(deployment, Phase.SHIFTING, AT)
    (line,) = lines
    return line, json.loads(line)


def test_a_mark_is_one_metric_in_the_embedded_format() -> None:
    """Every dimension and the metric's value are members of the same document, as the format demands."""
    text, line = marked()
    assert line["_aws"] == {
        "Timestamp": 1767323045678,
        "CloudWatchMetrics": [
            {
                "Namespace": NAMESPACE,
                "Dimensions": [list(DIMENSIONS)],
                "Metrics": [{"Name": METRIC, "Unit": "Count"}],
            }
        ],
    }
    assert [line[name] for name in (*DIMENSIONS, METRIC)] == ["shop", "prod", "SHIFTING", 1]
    assert text.endswith("}\n")
    assert "\n" not in text[:-1]


def test_a_mark_names_its_deployment() -> None:
    """So the log can be searched for it; the id is no dimension, because each id would make another metric."""
    _, line = marked()
    assert (line["deployment_id"], line["version"], line["weight"]) == ("d2", "2.0.0", 10)
