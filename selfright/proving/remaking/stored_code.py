"""The files in S3 that the controller's template names: without them it could be deleted, but not created again.

A running function does not need the file that it was made from, so nobody notices when that is gone: a bucket for
assets that was emptied, or a lifecycle rule.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from controller.aws.client.calls import calling
from controller.errors import NotFoundError
from selfright.errors import AdviceError
from selfright.proving.remaking.blueprint import Blueprint

NAMED = (("S3Bucket", "S3Key", "S3ObjectVersion"), ("Bucket", "Key", "Version"))
"""How properties name a file: a function's code or a layer's, and a definition, like a state machine's."""
AGAIN = "Deploy the controller again, as the README says: that uploads it. Or leave this fact out."
VARIABLE = re.compile(r"\$\{([^}]+)\}")


@dataclass(frozen=True, order=True)
class StoredCode:
    """A file in S3; `version` is "" for the newest one."""

    bucket: str
    key: str
    version: str = ""

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.key}" + (f" (version {self.version})" if self.version else "")


def named_in(blueprint: Blueprint, stack_arn: str) -> set[StoredCode]:
    """All files that the template names.

    Raises `AdviceError` if a name depends on more than the account, the region, the partition and parameters: whether
    such a file is there cannot be told.
    """
    known = _known(blueprint, stack_arn)
    return {file for name, one in blueprint.declared().items() for file in _files(name, one.get("Properties"), known)}


def check_stored(blueprint: Blueprint, stack_arn: str, s3: Any) -> None:  # noqa: ANN401 - boto3's client
    """Raise `AdviceError` if a file that the template names is not there any more."""
    if missing := [str(file) for file in sorted(named_in(blueprint, stack_arn)) if not _is_there(file, s3)]:
        message = f"The controller could not be created again: its template needs {', '.join(missing)}, which is gone."
        raise AdviceError(message, AGAIN)


def _is_there(file: StoredCode, s3: Any) -> bool:  # noqa: ANN401 - boto3's client
    version = {"VersionId": file.version} if file.version else {}
    try:
        with calling("s3:GetObject", f"{file.bucket}/{file.key}"):
            s3.head_object(Bucket=file.bucket, Key=file.key, **version)
    except NotFoundError:
        return False
    return True


def _known(blueprint: Blueprint, stack_arn: str) -> Mapping[str, str]:
    """What `Ref` and `Fn::Sub` say, as far as it is known before there is a stack."""
    _, partition, _, region, account, _ = stack_arn.split(":", 5)
    given = {one["ParameterKey"]: one["ParameterValue"] for one in blueprint.arguments.get("Parameters", [])}
    return {**given, "AWS::Partition": partition, "AWS::Region": region, "AWS::AccountId": account}


def _files(resource: str, found: object, known: Mapping[str, str]) -> Iterator[StoredCode]:
    """The files that are named somewhere in a resource's properties."""
    for names in NAMED:
        match found:
            case dict() if {*names[:2]} <= found.keys():
                try:
                    yield StoredCode(*(_text(found[name], known) for name in names if name in found))
                except LookupError as error:
                    message = f"Which file {resource} of the controller's template needs depends on {error.args[0]}."
                    raise AdviceError(message, "Whether it is there cannot be told: leave this fact out.") from error
    parts = found.values() if isinstance(found, dict) else found if isinstance(found, list) else ()
    for part in parts:
        yield from _files(resource, part, known)


def _text(value: Any, known: Mapping[str, str]) -> str:  # noqa: ANN401 - a piece of a template
    """A value of the template as text; raises `LookupError` with what is not known."""
    match value:
        case {"Ref": name}:
            return known[name]
        case {"Fn::Sub": [text, own]}:
            return _filled(text, {**known, **{name: _text(part, known) for name, part in own.items()}})
        case {"Fn::Sub": text}:
            return _filled(text, known)
        case {"Fn::Join": [separator, parts]}:
            return str(separator).join(_text(part, known) for part in parts)
        case dict():
            raise LookupError(next(iter(value), "nothing"))
        case _:
            return str(value)


def _filled(text: str, known: Mapping[str, str]) -> str:
    """The text with its variables' values; `${!Name}` stands for the characters `${Name}`."""
    return VARIABLE.sub(lambda found: f"${{{name[1:]}}}" if (name := found[1])[0] == "!" else known[name], text)
