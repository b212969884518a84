import pytest

from controller.aws.client.clients import client
from controller.errors import NotFoundError
from selfright.doctor.roles import examine_role

ARN = "arn:aws:iam::123456789012:role/service-role/api"


def test_a_role_is_found_by_its_name_whatever_its_path(account: None) -> None:
    """The name alone is unique."""
    with pytest.raises(NotFoundError, match="iam:GetRole on api"):
        list(examine_role(ARN))
    client("iam").create_role(RoleName="api", Path="/service-role/", AssumeRolePolicyDocument="{}")
    assert [one.found for one in examine_role(ARN)] == ["api exists"]
