"""The firewall in front of CloudFront: AWS's own rules, and no address may ask too often."""

from aws_cdk import aws_wafv2 as waf
from constructs import Construct

from bootstrap_cdk.settings import SmartPackSettings

MANAGED = (
    "AWSManagedRulesAmazonIpReputationList",
    "AWSManagedRulesKnownBadInputsRuleSet",
    "AWSManagedRulesCommonRuleSet",
)
"""In the order of their cost: what is known to be bad need not be looked into."""


class Firewall(Construct):
    """A web ACL for CloudFront, which must be made in us-east-1."""

    def __init__(self, scope: Construct, construct_id: str, *, settings: SmartPackSettings) -> None:
        super().__init__(scope, construct_id)
        rules = [_rate(settings.waf_requests), *(_managed(name, index) for index, name in enumerate(MANAGED, 1))]
        self.acl = waf.CfnWebACL(
            self,
            "Acl",
            name=settings.prefix,
            description="In front of SmartPack",
            scope="CLOUDFRONT",
            default_action=waf.CfnWebACL.DefaultActionProperty(allow={}),
            rules=rules,
            visibility_config=_seen(settings.prefix),
        )

    @property
    def arn(self) -> str:
        """What a distribution wants to know."""
        return self.acl.attr_arn


def _rate(requests: int) -> waf.CfnWebACL.RuleProperty:
    """Whoever asks more often than this in five minutes is refused, for as long as that goes on."""
    limit = waf.CfnWebACL.RateBasedStatementProperty(limit=requests, aggregate_key_type="IP")
    return waf.CfnWebACL.RuleProperty(
        name="rate",
        priority=0,
        statement=waf.CfnWebACL.StatementProperty(rate_based_statement=limit),
        action=waf.CfnWebACL.RuleActionProperty(block={}),
        visibility_config=_seen("rate"),
    )


def _managed(name: str, priority: int) -> waf.CfnWebACL.RuleProperty:
    """A group of rules that AWS keeps up to date; its own actions hold."""
    group = waf.CfnWebACL.ManagedRuleGroupStatementProperty(vendor_name="AWS", name=name)
    return waf.CfnWebACL.RuleProperty(
        name=name,
        priority=priority,
        statement=waf.CfnWebACL.StatementProperty(managed_rule_group_statement=group),
        override_action=waf.CfnWebACL.OverrideActionProperty(none={}),
        visibility_config=_seen(name),
    )


def _seen(name: str) -> waf.CfnWebACL.VisibilityConfigProperty:
    """Counted; some of the requests can be looked at."""
    return waf.CfnWebACL.VisibilityConfigProperty(
        cloud_watch_metrics_enabled=True, metric_name=name, sampled_requests_enabled=True
    )
