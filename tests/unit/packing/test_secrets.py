"""A value that looks like a secret never gets into a bundle, wherever the manifest has it."""

from pathlib import Path
from typing import Any

import pytest

from controller.domain.bundle.manifest import Manifest
from controller.errors import InvalidBundleError
from selfright.bundling.bundle import make_bundle
from selfright.packing.no_secrets import NoSecrets
from selfright.packing.secrets import refuse_secrets

VALUE = "hunter2"
API, STACK = {"kind": "function", "artifact": "api"}, {"kind": "stack", "artifact": "infra.yaml"}
CHECK = {"component": "api", "path": "/"}
POST, TASK = {**CHECK, "method": "POST"}, {"component": "api"}


def manifest(**changes: Any) -> Manifest:  # noqa: ANN401 - any part of a manifest
    """A release of a function, with changes."""
    return Manifest.model_validate({"application": "shop", "version": "1", "components": {"api": API}, **changes})


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"components": {"api": {**API, "variables": {"DB_PASSWORD": VALUE}}}}, "`DB_PASSWORD` in `components.api"),
        ({"components": {"infra": {**STACK, "parameters": {"ApiKey": VALUE}}}}, "`ApiKey` in `components.infra"),
        ({"verification": {"checks": [{**CHECK, "headers": {"X-Api-Key": VALUE}}]}}, "`x-api-key` in the headers of"),
        ({"verification": {"checks": [{**CHECK, "headers": {"Cookie": VALUE}}]}}, "`cookie` in the headers of"),
        ({"tasks": [{**TASK, "event": {"a": [{"DB_PASSWORD": VALUE}]}}]}, "`DB_PASSWORD` in `tasks.0.event`"),
        ({"verification": {"checks": [{**POST, "body": {"a": {"db": f"pg://x:{VALUE}@h"}}}]}}, "`db` in the body of"),
        ({"verification": {"load": {**CHECK, "p95_ms": 9, "headers": {"Authorization": VALUE}}}}, "`authorization` in"),
    ],
)
def test_a_setting_that_looks_like_a_secret_is_refused(changes: dict[str, Any], where: str) -> None:
    """With its place and the next step, and without its value; unless somebody says that it is none."""
    release = manifest(**changes)
    with pytest.raises(InvalidBundleError, match="looks like a secret") as caught:
        refuse_secrets(release)
    assert where in caught.value.reason
    assert "--allow " in caught.value.next_step
    assert VALUE not in str(caught.value)
    refuse_secrets(release, NoSecrets(["DB_*", "db", "ApiKey", "x-api-key", "cookie", "authorization"]))


def test_all_settings_that_look_like_secrets_are_named_at_once() -> None:
    """With one advice that allows all of them."""
    variables = {"DB_PASSWORD": VALUE, "LEVEL": "info", "TOKEN": VALUE}
    check = {**CHECK, "headers": {"Cookie": VALUE}}
    with pytest.raises(InvalidBundleError) as caught:
        refuse_secrets(manifest(components={"api": {**API, "variables": variables}}, verification={"checks": [check]}))
    assert all(name in caught.value.reason for name in ("DB_PASSWORD", "TOKEN", "cookie"))
    assert caught.value.next_step.endswith("--allow DB_PASSWORD --allow TOKEN --allow cookie")


def test_a_login_of_a_check_is_sent() -> None:
    """Its user may do nothing else, so its password is no secret to those who deploy."""
    refuse_secrets(manifest(verification={"checks": [{**POST, "body": {"user": "smoke", "password": VALUE}}]}))


@pytest.mark.parametrize("name", ["CONFIG_SECRET_NAME", "SECRET_ARN", "accessKeyId", "PRIVATE_KEY_PATH"])
def test_what_a_secret_is_called_is_none(name: str) -> None:
    """An application must be told where its secrets are."""
    refuse_secrets(manifest(components={"api": {**API, "variables": {name: "shop/prod/config"}}}))


def test_no_bundle_is_made_of_a_release_with_a_secret(tmp_path: Path) -> None:
    """It is refused before anything is built or written."""
    source, bundle = tmp_path / "source", tmp_path / "shop.zip"
    source.mkdir()
    (source / "release.yaml").write_text(
        "application: shop\nversion: 1\ncomponents:\n"
        "  api: {kind: function, artifact: api, variables: {TOKEN: sk-aaaaaaaaaaaaaaaaaaaaaaaa}}\n"
    )
    with pytest.raises(InvalidBundleError, match=r"`TOKEN` in `components\.api\.variables` looks like a secret"):
        make_bundle(source, bundle)
    assert not bundle.exists()
