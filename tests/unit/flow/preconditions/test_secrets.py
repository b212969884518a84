"""The secrets that a release needs are checked before anything is touched."""

from dataclasses import replace

import pytest

from controller.domain.phases import Phase
from controller.errors import AwsError, TransientError, UnusableSecretError
from controller.flow.record_restore_point import record_restore_point
from controller.flow.validate import validate
from tests.builders import bundle_parts
from tests.fakes import FakeWorld
from tests.unit.flow.scenes import KEY, a_deployment, a_world, on_its_way

ID = "smartpack/prod/config"
NEEDS = ('{"name":"config","keys":["OPENAI_KEY","DB_URL"]}',)


def granted(*needs: str) -> FakeWorld:
    """A deployment with these needs that has just been granted the lock."""
    world = a_world(secrets={"config": ID})
    deployment = on_its_way(world, Phase.QUEUED, restore_point=None, staged={}, steps=(), secrets=needs)
    world.bundles.objects[deployment.upload.key] = bundle_parts("2.0.0").pack()
    return world


def rejected(world: FakeWorld) -> tuple[str, str]:
    """Reason and next step of a release that is rejected when it gets the lock; nothing was touched."""
    card = record_restore_point(world, "d2")
    assert (card.outcome, card.deployment.phase) == ("rejected", "REJECTED")
    assert record_restore_point(world, "d2").document() == card.document(), "a second call says the same"
    assert world.deployments.get("d2").restore_point is None
    assert not world.guards.pairs
    assert world.locks.load(KEY).holder == ""
    return card.deployment.reason, card.deployment.next_step


def test_a_release_whose_secrets_are_there_begins() -> None:
    """All keys have a value; others may be there too."""
    world = granted(*NEEDS)
    world.secrets.known[ID] = frozenset({"OPENAI_KEY", "DB_URL", "OTHER"})
    assert record_restore_point(world, "d2").outcome == "ready"
    assert world.secrets.asked == [ID]


def test_a_release_that_needs_no_secrets_asks_for_none() -> None:
    """Not even the privilege is needed then."""
    world = granted()
    assert record_restore_point(world, "d2").outcome == "ready"
    assert world.secrets.asked == []


def test_a_missing_key_rejects() -> None:
    """By name, with what to do."""
    world = granted(*NEEDS)
    world.secrets.known[ID] = frozenset({"DB_URL"})
    reason, next_step = rejected(world)
    assert reason == f"The secret 'config' ({ID}) has no value for OPENAI_KEY."
    assert next_step == "Put this key into it in Secrets Manager. Then upload the bundle again."


def test_a_missing_secret_rejects() -> None:
    """With the keys that it must have."""
    reason, next_step = rejected(granted(*NEEDS))
    assert reason == f"The secret 'config' ({ID}) does not exist."
    assert "Create it with OPENAI_KEY, DB_URL" in next_step


def test_a_secret_that_must_only_be_there_is_looked_for_too() -> None:
    """Without keys it has to exist and be readable."""
    reason, next_step = rejected(granted('{"name":"config","keys":[]}'))
    assert "does not exist" in reason
    assert "Create it, or" in next_step


def test_a_secret_that_holds_no_keys_rejects() -> None:
    """Its contents are not repeated."""
    world = granted(*NEEDS)
    world.secrets.known[ID] = UnusableSecretError("not to be shown")
    reason, next_step = rejected(world)
    assert reason == f"The secret 'config' ({ID}) does not hold a JSON object of keys and values."
    assert "Store it as keys and values" in next_step


def test_a_secret_that_may_not_be_read_rejects() -> None:
    """The reason has AWS's words, and the next step says where to grant the right."""
    world = granted(*NEEDS)
    world.secrets.known[ID] = AwsError("secretsmanager:GetSecretValue on it: AccessDeniedException.")
    reason, next_step = rejected(world)
    assert "cannot be read: secretsmanager:GetSecretValue on it: AccessDeniedException." in reason
    assert "`secrets` of the CDK construct `Environment`" in next_step


def test_what_passes_is_tried_again() -> None:
    """A throttled call is no reason to reject; nothing has been decided."""
    world = granted(*NEEDS)
    world.secrets.known[ID] = TransientError("slow down")
    with pytest.raises(TransientError):
        record_restore_point(world, "d2")
    world.secrets.known[ID] = frozenset({"OPENAI_KEY", "DB_URL"})
    assert record_restore_point(world, "d2").outcome == "ready"


def test_what_was_recorded_is_not_asked_again() -> None:
    """A second call finds the restore point, whatever has become of the secret."""
    world = granted(*NEEDS)
    world.secrets.known[ID] = frozenset({"OPENAI_KEY", "DB_URL"})
    record_restore_point(world, "d2")
    world.secrets.known.clear()
    assert record_restore_point(world, "d2").outcome == "ready"


def uploaded(**secrets: list[str]) -> FakeWorld:
    """A world in which a bundle that needs these secrets was received."""
    world = a_world(secrets={"config": ID})
    deployment = a_deployment(world, Phase.RECEIVED)
    world.deployments.known["d2"] = replace(deployment, components=(), secrets=())
    world.bundles.objects[deployment.upload.key] = bundle_parts().needing(**secrets).pack()
    return world


def test_the_needs_are_in_the_ledger() -> None:
    """Only names are kept, so that *Record restore point* need not open the bundle again."""
    world = uploaded(config=["OPENAI_KEY"])
    assert validate(world, "d2").outcome == "valid"
    assert world.deployments.get("d2").secrets == ('{"name":"config","keys":["OPENAI_KEY"]}',)
    assert world.secrets.asked == []


def test_a_secret_that_the_environment_does_not_map_rejects() -> None:
    """The two documents suffice to know that, before the release has waited for its lock."""
    world = uploaded(signing=[])
    card = validate(world, "d2")
    assert card.deployment.reason == (
        f"The release needs the secret 'signing', which {KEY} does not map (it has: config)."
    )
    assert "`secrets` of the environment" in card.deployment.next_step


def test_a_secret_that_was_taken_out_of_the_environment_meanwhile_rejects() -> None:
    """The environment may change while a release waits."""
    world = granted('{"name":"signing","keys":[]}')
    assert "does not map" in rejected(world)[0]
