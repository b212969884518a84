import pytest

from controller.aws.client.clients import Clients, client
from controller.domain.components.site.routing import RoutingTable
from selfright.doctor.quotas import AccountExaminer
from tests.examining import ExaminedCloudFront, ExaminedLambda, FakeQuotas, found_in


class Quotas:
    """An account; moto has its parameters and stacks."""

    def __init__(self) -> None:
        self.functions, self.edge = ExaminedLambda(), ExaminedCloudFront(RoutingTable())
        self.quotas, self.said = FakeQuotas(), list[str]()

    def look(self, subject: str) -> list[tuple[str, str]]:
        """Severity and words of what is found."""
        clients = Clients()
        clients.functions, clients.routing = self.functions, self.edge  # type: ignore[assignment]
        found = found_in(AccountExaminer(clients, self.quotas, self.said.append).examinations(), subject)
        return [(one.severity, one.found) for one in found]


@pytest.fixture
def quotas(account: None) -> Quotas:
    """An account with room for everything."""
    return Quotas()


def test_an_account_with_room_is_well(quotas: Quotas) -> None:
    """With what is left of each quota."""
    assert quotas.look("Lambda's concurrency") == [("ok", "900 of 1,000 are not reserved")]
    assert quotas.look("Lambda's code storage") == [("ok", "1.0 GB of 75.0 GB are used")]
    assert quotas.look("SSM parameters") == [("ok", "0 of 10,000 standard ones")]
    assert quotas.look("CloudFront functions") == [("ok", "1 of 100 (AWS's default)")]
    assert quotas.look("CloudFormation stacks") == [("ok", "0 of 2,000 (AWS's default)")]


@pytest.mark.parametrize(("limit", "free"), [(10, 10), (1000, 99)])
def test_little_concurrency_is_a_note(quotas: Quotas, limit: int, free: int) -> None:
    """A new account's, or too much of it reserved."""
    quotas.functions.limits |= {"ConcurrentExecutions": limit, "UnreservedConcurrentExecutions": free}
    assert [severity for severity, _ in quotas.look("Lambda's concurrency")] == ["note"]


@pytest.mark.parametrize(("used", "severity"), [(68, "note"), (75, "problem")])
def test_code_storage_that_is_almost_used_up_is_said_before_a_release_meets_it(
    quotas: Quotas, used: int, severity: str
) -> None:
    """A tenth is left, or nothing."""
    quotas.functions.used["TotalCodeSize"] = used * 1024**3
    assert [one for one, _ in quotas.look("Lambda's code storage")] == [severity]


@pytest.mark.parametrize(("count", "severity"), [(89, "ok"), (95, "note"), (100, "problem")])
def test_functions_of_cloudfront_are_counted_once_each(quotas: Quotas, count: int, severity: str) -> None:
    """Over all pages, whatever their stages."""
    quotas.edge.functions = count
    assert quotas.look("CloudFront functions") == [(severity, f"{count} of 100 (AWS's default)")]


def test_parameters_are_counted_over_all_pages_with_progress(quotas: Quotas) -> None:
    """That takes a while in a large account."""
    for number in range(55):
        client("ssm").put_parameter(Name=f"/some/{number}", Value="x", Type="String")
    assert quotas.look("SSM parameters") == [("ok", "55 of 10,000 standard ones")]
    assert quotas.said == ["counting SSM parameters"]


def test_a_quota_that_was_raised_counts(quotas: Quotas) -> None:
    """As Service Quotas says."""
    quotas.quotas = FakeQuotas(cloudfront={"Distributions": 500.0, "Functions per AWS account": 300.0})
    assert quotas.look("CloudFront functions") == [("ok", "1 of 300")]
