"""The settings of the two stacks, read from `cdk -c key=value`."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aws_cdk import Aws
from aws_cdk import Environment as Place
from constructs import Node

from selfright.cdk import DeclarationError, Judge, Limits, Step, Synthetic

_PERIOD = re.compile("(?=.)([0-9]{1,2}h)?([0-9]{1,4}m)?([0-9]{1,6}s)?")


class SettingsError(Exception):
    """A setting is missing or wrong; the message says what to do."""


@dataclass(frozen=True)
class ControllerSettings:
    """The settings of the controller's stack.

    `package` is the folder with the Lambda code (`controller/` and its dependencies at the root), built for
    `python_runtime` and `architecture` (`arm64` or `x86_64`). `protected` keeps the ledger and the bundles when the
    stack is deleted. `alarm_reserve` is the concurrency reserved for the function that acts on alarms; 0 shares the
    account's, because a new account has only 10 and may reserve none. `notify` is an e-mail
    address for notifications. `topic_key` encrypts their topic with a key of its own, and `dashboard` adds a page to
    CloudWatch; both cost more than everything else at rest.
    """

    package: Path
    python_runtime: str = "python3.13"
    architecture: str = "x86_64"
    protected: bool = True
    alarm_reserve: int = 0
    notify: str | None = None
    topic_key: bool = False
    dashboard: bool = False
    log_level: str = "INFO"

    def __post_init__(self) -> None:
        """Report a missing package clearly, before CDK fails with a long error."""
        if not (self.package / "controller" / "handlers").is_dir():
            raise SettingsError(
                f"'{self.package}' is not the controller's Lambda package (it has no controller/handlers). "
                "Build it with `./dev package`, which prints its folder, then add: -c controller_package=FOLDER"
            )


@dataclass(frozen=True)
class ErrorAlarm:
    """When the alarms that guard releases fire.

    They fire at `threshold` errors or more within `period` (such as `1m`), or if one answer in a hundred takes longer
    than `p99_ms` in two periods of three (0: no such alarm).
    """

    threshold: int = 3
    period: str = "1m"
    p99_ms: int = 3000

    def __post_init__(self) -> None:
        """Refuse what is no duration."""
        if not _PERIOD.fullmatch(str(self.period)):
            raise SettingsError(f"alarm.period: write a duration such as '10s' or '1m', not {self.period!r}")


@dataclass(frozen=True)
class SmartPackSettings:
    """The settings of one environment of SmartPack.

    `strategy` is a strategy's name or a list of steps such as `{"weight": 5, "bake": "10m"}`. `api_url` and `site_url`
    are the addresses for visitors, if they differ from those of the HTTP API and the distribution; with
    `allow_private_urls` they may be addresses of a private network. `composite_alarm` combines all of the alarms in
    one, `topic_key` encrypts their topic with a key of its own. `cors_origin` is the one other origin
    (`https://partner.example`) whose pages may call the API, or `*` for all, because the API uses no cookies. Every
    release is checked for it.

    `domain_name` is the visitors' domain. It needs a certificate in us-east-1: that of `certificate_arn`, or one that
    is created and renewed with the hosted zone (`hosted_zone_name`, `hosted_zone_id`), which also gets the domain's
    records. `waf` adds AWS's managed rules, and allows each address `waf_requests` requests in five minutes;
    `web_acl_arn` names your own web ACL instead. Resources that must be in us-east-1 get a stack there, so `account`
    and `region` are needed for the rest; if they are given, CloudFront has alarms, too.

    `ai` creates a repository for the AI's images. After a first image is pushed, `ai_image` is its tag and creates the
    function. `ollama_host` and `ai_model` name the model that it calls. `provisioned_concurrency` is the number of
    warm instances of the API. Each release takes a snapshot of the RDS instance `database_instance` first.
    """

    environment: str = "prod"
    python_runtime: str = "python3.13"
    strategy: str | Sequence[Step] = "Canary10Percent5Minutes"
    final_bake: str = "5m"
    judge: Judge = field(default_factory=Judge)
    alarm: ErrorAlarm = field(default_factory=ErrorAlarm)
    composite_alarm: bool = True
    topic_key: bool = False
    keep_revisions: int = 5
    variables: Mapping[str, str] = field(default_factory=dict)
    api_url: str | None = None
    site_url: str | None = None
    allow_private_urls: bool = False
    cors_origin: str = "*"
    domain_name: str | None = None
    certificate_arn: str | None = None
    hosted_zone_name: str | None = None
    hosted_zone_id: str | None = None
    web_acl_arn: str | None = None
    waf: bool = False
    waf_requests: int = 1000
    ai: bool = False
    ai_image: str | None = None
    ollama_host: str | None = None
    ai_model: str | None = None
    provisioned_concurrency: int | None = None
    database_instance: str | None = None
    account: str | None = None
    region: str | None = None

    def __post_init__(self) -> None:
        """Refuse settings that would fail during the deployment, or would never be used."""
        self._check_domain()
        if (self.ai_image or self.ollama_host or self.ai_model) and not self.ai:
            raise SettingsError("ai_image, ollama_host and ai_model need the AI: add -c ai=true.")
        if self.waf and self.web_acl_arn:
            raise SettingsError("waf creates a web ACL and web_acl_arn names one: give only one of the two.")
        if (self.account or self.needs_edge) and not (self.account and self.region):
            raise SettingsError("us-east-1 gets a stack, so name the account and the region: -c account=… -c region=…")
        if not re.fullmatch(r"\*|https?://[^/\s*,]+", self.cors_origin):
            raise SettingsError(f"cors_origin '{self.cors_origin}' is not an origin: use https://partner.example, or *")

    def _check_domain(self) -> None:
        zone = (self.hosted_zone_name, self.hosted_zone_id)
        if any(zone) and not (all(zone) and self.domain_name):
            raise SettingsError("Give hosted_zone_name, hosted_zone_id and domain_name together.")
        if self.domain_name and not (self.certificate_arn or all(zone)):
            raise SettingsError("domain_name needs a certificate_arn, or the hosted zone that validates a certificate.")
        if self.certificate_arn and not self.domain_name:
            raise SettingsError("certificate_arn needs its domain_name.")

    @property
    def makes_certificate(self) -> bool:
        """Whether the certificate is created here instead of being given."""
        return bool(self.hosted_zone_id and not self.certificate_arn)

    @property
    def needs_edge(self) -> bool:
        """Whether resources must be created in us-east-1, in addition to the region."""
        return self.waf or self.makes_certificate

    def place(self, region: str | None = None) -> Place | None:
        """The account and region; None if no region is set."""
        return Place(account=self.account, region=region or self.region) if self.region else None

    @property
    def prefix(self) -> str:
        """The prefix of the names of this environment's resources: `smartpack-prod`."""
        return f"smartpack-{self.environment}"

    def global_name(self, what: str = "") -> str:
        """The name of a resource whose names are shared by all regions of an account, such as a dashboard."""
        return "-".join(part for part in (self.prefix, what, Aws.REGION) if part)


def controller_settings(node: Node) -> ControllerSettings:
    """The controller's settings from the context (`-c controller_package=… -c python_runtime=…`)."""
    package = node.try_get_context("controller_package")
    if package is None:
        raise SettingsError(
            "The controller's Lambda package is missing. Build it with `./dev package`, which prints its folder, "
            "then add: -c controller_package=FOLDER"
        )
    return ControllerSettings(package=Path(package), **_from_context(node, ControllerSettings))


def smartpack_settings(node: Node) -> SmartPackSettings:
    """SmartPack's settings from the context (`-c environment=staging -c strategy=AllAtOnce -c final_bake=1m`)."""
    given = _from_context(node, SmartPackSettings)
    if "account" in given:
        given["account"] = str(given["account"])  # it looks like a number
    return SmartPackSettings(**given)


_GROUPED: Mapping[str, type[Any]] = {"judge": Judge, "limits": Limits, "synthetic": Synthetic, "alarm": ErrorAlarm}
"""The settings that are objects with their own keys, also nested."""


def _from_context(node: Node, settings: type[Any]) -> dict[str, Any]:
    """The fields that the context sets; fields that are not strings are JSON on the command line."""
    names = [name for name in settings.__dataclass_fields__ if name != "package"]
    found = {name: node.try_get_context(name) for name in names}
    return {name: _value(name, value) for name, value in found.items() if value is not None}


def _value(name: str, value: object) -> object:
    parsed = _json(value) if isinstance(value, str) else value
    if name not in _GROUPED or not isinstance(parsed, dict):
        return parsed
    try:
        return _GROUPED[name](
            **{key: _value(key, one) if isinstance(one, dict) else one for key, one in parsed.items()}
        )
    except (TypeError, DeclarationError) as error:
        raise SettingsError(f"The setting '{name}' is wrong: {error}.") from error


def _json(text: str) -> object:
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text
