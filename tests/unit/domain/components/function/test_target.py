"""A Lambda function in an environment: the API in front of it."""

import pytest
from pydantic import ValidationError

from controller.domain.components.function.target import FunctionTarget


def a_target(**more: str) -> FunctionTarget:
    """A function with these keys besides its name."""
    return FunctionTarget.model_validate({"kind": "function", "function_name": "shop-api", **more})


def test_a_function_may_be_behind_an_http_api_or_behind_a_stage_of_a_rest_api() -> None:
    """Each has its own key, because their ids look alike."""
    assert a_target(api_id="abc123").api_id == "abc123"
    found = a_target(rest_api_id="abc123", rest_api_stage="prod")
    assert (found.rest_api_id, found.rest_api_stage) == ("abc123", "prod")


@pytest.mark.parametrize(
    ("keys", "reason"),
    [
        ({"api_id": "a1", "rest_api_id": "b2", "rest_api_stage": "prod"}, "the one API that visitors use"),
        ({"rest_api_id": "b2"}, "belong together"),
        ({"rest_api_stage": "prod"}, "belong together"),
        ({"rest_api_id": "b2", "rest_api_stage": "a/b"}, "pattern"),
    ],
)
def test_what_is_not_one_api_is_refused(keys: dict[str, str], reason: str) -> None:
    """Two APIs, an API without its stage, a stage without its API, a stage that cannot be one."""
    with pytest.raises(ValidationError, match=reason):
        a_target(**keys)
