"""The firewall in front of CloudFront: AWS's managed rules, and a limit of requests for each address."""

from aws_cdk import aws_wafv2 as waf
from constructs import Construct

from bootstrap_cdk.settings import SmartPackSettings

MANAGED = (
    "AWSManagedRulesAmazonIpReputationList",
    "AWSManagedRulesKnownBadInputsRuleSet",
    "AWSManagedRulesCommonRuleSet",
)
"""Ordered by cost: a request from a known bad address needs no further inspection."""


class Firewall(Construct):
    """A web ACL for CloudFront, which must be made in us-east-1."""

    def __init__(self, scope: Construct, construct_id: str, *, settings: SmartPackSettings) -> None:
        super().__init__(scope, construct_id)
        rules = [_rate(settings.waf_requests), *(_managed(name, index) for index, name in enumerate(MANAGED, 1))]
        self.acl = waf.CfnWebACL(
            self,
            "Acl",
            name=f"{settings.prefix}-{settings.region}",
            description="In front of SmartPack",
            scope="CLOUDFRONT",
            default_action=waf.CfnWebACL.DefaultActionProperty(allow={}),
            rules=rules,
            visibility_config=_visibility(settings.prefix),
        )

    @property
    def arn(self) -> str:
        """The ARN of the web ACL, for a distribution."""
        return self.acl.attr_arn


def _rate(requests: int) -> waf.CfnWebACL.RuleProperty:
    """Block an address while it makes more requests than this in five minutes."""
    limit = waf.CfnWebACL.RateBasedStatementProperty(limit=requests, aggregate_key_type="IP")
    return waf.CfnWebACL.RuleProperty(
        name="rate",
        priority=0,
        statement=waf.CfnWebACL.StatementProperty(rate_based_statement=limit),
        action=waf.CfnWebACL.RuleActionProperty(block={}),
        visibility_config=_visibility("rate"),
    )


def _managed(name: str, priority: int) -> waf.CfnWebACL.RuleProperty:
    """A group of rules that AWS maintains, with its own actions."""
    group = waf.CfnWebACL.ManagedRuleGroupStatementProperty(vendor_name="AWS", name=name)
    return waf.CfnWebACL.RuleProperty(
        name=name,
        priority=priority,
        statement=waf.CfnWebACL.StatementProperty(managed_rule_group_statement=group),
        override_action=waf.CfnWebACL.OverrideActionProperty(none={}),
        visibility_config=_visibility(name),
    )


def _visibility(name: str) -> waf.CfnWebACL.VisibilityConfigProperty:
    """Count the requests and keep samples of them."""
    return waf.CfnWebACL.VisibilityConfigProperty(
        cloud_watch_metrics_enabled=True, metric_name=name, sampled_requests_enabled=True
    )
