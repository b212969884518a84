"""The controller is left alone where it may not be made anew; afterwards, only what is the new one's is used."""

from pathlib import Path

import pytest

from selfright.account.account import Account, ControllerResources
from selfright.account.status import EnvironmentStatus
from selfright.errors import AdviceError
from selfright.proving.names import KEY
from selfright.proving.places import Answered
from selfright.proving.remaking.acts import BUCKET, Remaking
from selfright.proving.remaking.keeping import LocalCopy
from selfright.proving.remaking.remaker import ControllerRemaker, Remade
from selfright.proving.results import NotMeasured
from selfright.proving.scene import Scene
from tests.unit.proving.late_account import OUTPUTS
from tests.unit.proving.remaking.controlled_account import BUCKET as BUCKET_OF_OLD
from tests.unit.proving.remaking.controlled_account import ControlledAccount
from tests.unit.proving.remaking.test_remaker import Held


class OfController(Account):
    """An account with this controller; its ledger says how the sandbox is."""

    def __init__(self, bucket: str = "old", *, held: str = "", keys: tuple[str, ...] = (KEY,)) -> None:
        self.bucket, self.held, self.keys = bucket, held, keys

    @property
    def resources(self) -> ControllerResources:  # type: ignore[override]
        """Those with this bucket; none as long as there is no controller."""
        if not self.bucket:
            raise AdviceError("There is no Selfright controller.")
        return ControllerResources(table="table", bucket=self.bucket, rollback_machine_arn="arn")

    @property
    def ledger(self) -> "OfController":  # type: ignore[override]
        """This object."""
        return self

    def status(self, key: str) -> EnvironmentStatus:
        """Perhaps held."""
        return EnvironmentStatus(key, held=self.held)

    def environments(self) -> list[str]:
        """Those that are registered."""
        return list(self.keys)


def remaking(
    account: ControlledAccount, tmp_path: Path, old: Account, adopted: list[Account], *readings: Account
) -> Remaking:
    """The fact's acts; each reading of the account after the remaking is the next of these."""
    left = list(readings)
    remaker = ControllerRemaker(account.client, account.clock, lambda _: None, Held(account))
    return Remaking(old, remaker, LocalCopy(tmp_path, "run"), adopted.append, lambda: left.pop(0))


@pytest.mark.parametrize(
    ("old", "why"),
    [
        (OfController(held="its rollback failed"), "its rollback failed"),
        (OfController(keys=("shop/prod", KEY)), "shop/prod"),
    ],
)
def test_where_it_may_not_be_made_anew_the_controller_stays(old: Account, why: str, tmp_path: Path) -> None:
    """A held sandbox would be free by it; another environment may have been registered since the question."""
    account = ControlledAccount()
    scene = Scene({}, account.client, account.clock)
    (finding,) = remaking(account, tmp_path, old, []).fact().answer(scene).findings
    assert isinstance(finding, NotMeasured)
    assert why in finding.why
    assert account.done == []


def test_an_environment_that_was_registered_during_the_releases_forbids_it(tmp_path: Path) -> None:
    """The sandbox was alone when the fact began; the deletion comes minutes later."""
    account, old = ControlledAccount(), OfController(BUCKET_OF_OLD)
    acts = remaking(account, tmp_path, old, [])
    scene = Scene(OUTPUTS, account.client, account.clock, request=lambda *_: Answered(200, "api 1.0.0"))
    acts.check(account.client)
    old.keys = ("shop/prod", KEY)
    with pytest.raises(AdviceError, match="shop/prod"):
        acts._made_anew(scene)
    assert account.done == []
    old.keys = (KEY,)
    assert acts._made_anew(scene)[0].tries == 1


def test_the_new_controller_is_used_as_soon_as_its_parameter_is_read(tmp_path: Path) -> None:
    """A read after a write may still find none, or the old one; uploads into the old bucket would be lost."""
    account, new, adopted = ControlledAccount(), OfController("new"), list[Account]()
    acts = remaking(account, tmp_path, OfController(), adopted, OfController(""), OfController("old"), new)
    scene = Scene({}, account.client, account.clock)
    assert acts._adopted(scene, Remade(1, 2, 1, {BUCKET: "new"})) is new
    assert adopted == [new]
