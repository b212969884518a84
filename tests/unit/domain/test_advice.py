"""What to do about what an environment's state refuses: commands that run as they are printed."""

from controller.domain.advice import held_advice

KEY = "shop/prod"


def test_a_failed_rollback_is_named_in_the_commands() -> None:
    """Nobody has to look for its id; an older ledger may not have it."""
    said = held_advice(KEY, "The rollback of d1 failed.", "d1")
    for command in ("status shop/prod", "rollback d1", 'unlock shop/prod --reason "…"'):
        assert f"`selfright {command}`" in said
    assert "`selfright rollback --environment shop/prod`" in held_advice(KEY, "The rollback of d1 failed.", "")


def test_an_interrupted_recovery_is_not_rolled_back() -> None:
    """Its reason has the commands: a rollback is refused as long as it is not over."""
    assert "rollback" not in held_advice(KEY, "A recovery was interrupted: `selfright restore d1` continues it.", "d1")
