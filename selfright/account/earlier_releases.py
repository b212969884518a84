"""Returning to an earlier version: release it again, or roll back the later releases one after the other."""

import json
import re
from collections.abc import Sequence

from controller.aws.bundles import S3Bundles
from controller.aws.client.calls import calling
from controller.domain.advice import held_advice
from controller.domain.deployment import Deployment
from controller.domain.identity import INCOMING, deployment_id
from controller.domain.phases import REMEMBERED, Phase
from controller.domain.strategy import ALL
from controller.errors import NotFoundError
from selfright.account.account import Account
from selfright.account.releasing import Sent, stated
from selfright.account.status import EnvironmentStatus
from selfright.errors import AdviceError


def released_as(history: Sequence[Deployment], environment_key: str, version: str) -> Deployment:
    """The newest deployment that made this version live; raises `AdviceError` when it may not be released again."""
    found = [one for one in history if one.version == version and one.phase in REMEMBERED]
    good = next((one for one in found if _was_live(one)), None)
    condemned = bool(found) and found[0].phase is not Phase.SUCCEEDED and found[0].is_condemned
    if good is None or condemned:
        what = f"Version {version} was rolled back in {environment_key}" if condemned else ""
        message = what or f"Version {version} was never live in {environment_key}"
        retry = (
            f' `selfright retry {found[0].deployment_id} --reason "…"` releases it all the same.' if condemned else ""
        )
        newest = {one.version: one for one in reversed(history) if one.phase in REMEMBERED}
        bad = {one.version for one in newest.values() if one.phase is not Phase.SUCCEEDED and one.is_condemned}
        known = ", ".join(dict.fromkeys(one.version for one in history if _was_live(one) and one.version not in bad))
        raise AdviceError(
            f"{message}, so it is not released again.", f"Versions that can be: {known or 'none'}.{retry}"
        )
    return good


def _was_live(deployment: Deployment) -> bool:
    """Whether all visitors had this release, and nothing speaks against it."""
    if deployment.phase is Phase.ROLLED_BACK:
        return deployment.reached >= ALL and not deployment.is_condemned
    return deployment.phase is Phase.SUCCEEDED


def release_again(account: Account, deployment: Deployment, **why: str) -> Sent:
    """Upload the stored bundle of a deployment once more, exactly the version of the object that it released.

    `why` are fields of the new upload (`hotfix`, `retry`); what the old one stated does not count any more. The
    caller's name is stored with it. Raises `AdviceError` if the bundle no longer exists.
    """
    upload = deployment.upload
    name = re.sub(r"[^A-Za-z0-9.+_-]+", "-", f"{deployment.application}-{deployment.version}-again.zip")
    key = f"{INCOMING}{deployment.environment_key}/{name}"
    source = {"Bucket": upload.bucket, "Key": upload.key, "VersionId": upload.version_id}
    try:
        with calling("s3:PutObject", f"{upload.bucket}/{key}"):
            copied = account.s3.copy_object(
                Bucket=upload.bucket,
                Key=key,
                CopySource=source,  # type: ignore[arg-type]
                MetadataDirective="REPLACE",  # The reason of another day does not count any more.
                Metadata=stated(account, **why),
            )
    except NotFoundError as error:
        message = f"The bundle of version {deployment.version} no longer exists."
        step = f"`selfright release FOLDER --environment {deployment.environment_key}` releases it from its sources."
        raise AdviceError(message, step) from error
    pinned = S3Bundles(account.s3).pin(upload.bucket, key, copied.get("VersionId"))
    return Sent(deployment_id(deployment.application, deployment.environment, pinned), pinned)


def check_retry(account: Account, deployment: Deployment) -> None:
    """Raise `AdviceError` when releasing a deployment's contents again would change nothing, or be refused at once."""
    deployment_id, key = deployment.deployment_id, deployment.environment_key
    if not deployment.phase.is_terminal:
        message = f"Deployment {deployment_id} is {deployment.phase}: it has not ended yet."
        raise AdviceError(message, f"Watch it: `selfright watch {deployment_id}`")
    status = account.ledger.status(key)
    if status.live and status.live.deployment_id == deployment_id:
        message = f"Deployment {deployment_id} is live in {key}: releasing it again would change nothing."
        raise AdviceError(message, f"See what is live: `selfright status {key}`")
    if status.held:
        by = status.held_by.deployment_id if status.held_by else ""
        raise AdviceError(f"{key} is held: {status.held}", held_advice(key, status.held, by))


def later_releases(account: Account, status: EnvironmentStatus, version: str) -> list[Deployment]:
    """The deployments to roll back, one after the other, until this version is live; one on its way comes first.

    Those that changed nothing are left out: there is nothing to roll back. Raises `AdviceError` if it was not live
    before, or is too old: its revisions may be deleted.
    """
    to_undo = [status.on_its_way] if status.on_its_way else []
    live = status.live
    kept = account.environment(status.environment_key).keep_revisions
    releases = 0
    while live and live.version != version and releases < kept:
        if live.changed:
            to_undo.append(live)
            releases += 1
        live = account.ledger.find(live.previous) if live.previous else None
    if live is None or live.version != version or releases >= kept:
        message = f"Version {version} is not one of the last {kept} that were live in {status.environment_key}."
        step = f"Release it again instead: `selfright rollback --environment {status.environment_key} --to {version}`"
        raise AdviceError(message, step)
    if not to_undo:
        step = f"See what is live: `selfright status {status.environment_key}`"
        since = "" if status.live is live else ", and no release has changed anything since"
        raise AdviceError(f"Version {version} is live in {status.environment_key} already{since}.", step)
    return to_undo


def restore_traffic_now(account: Account, deployment_id: str, reason: str) -> str:
    """Restore the traffic at once; returns what went wrong, "" if nothing did.

    Raises `AdviceError` when the controller refuses: then the rollback machine would refuse, too.
    """
    name = account.resources.on_alarm_function_arn
    if not name:
        return "This controller has no function for that: deploy its stack again."
    event = {"task": "on_alarm", "emergency": True, "deployment_id": deployment_id, "reason": reason}
    with calling("lambda:InvokeFunction", name):
        answer = account.functions.invoke(FunctionName=name, Payload=json.dumps(event).encode())
        said = json.load(answer["Payload"])
    if "FunctionError" in answer:
        return str(said.get("errorMessage", answer["FunctionError"]))
    if said.get("outcome") == "refused":
        step = f"See its status: `selfright status {deployment_id}`"
        raise AdviceError(f"It was not rolled back: {said.get('reason')}", step)
    return "; ".join(f"{component}: {trouble}" for component, trouble in said.get("failed", {}).items())
