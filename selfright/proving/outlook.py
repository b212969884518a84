"""What a run does and how long it takes, said before it begins."""

from collections.abc import Sequence

from selfright.proving.fact import NOTHING, Fact
from selfright.proving.names import STACK
from selfright.proving.releases.acts import RELEASES
from selfright.proving.remaking.blueprint import CONTROLLER
from selfright.proving.run import LAST

SANDBOX = 15.0
"""Minutes in an account: CloudFront takes most of them, to create two distributions and to delete them."""
STEP, HOUR = 5, 60
SANDBOX_QUESTION = f"""\
This creates the stack {STACK} in account {{account}}, {{region}}: three functions, an HTTP API, a site behind
CloudFront, a table, a topic, a queue and three alarms. It measures {{what}}, and deletes all of it again.
It takes about {{time}} and costs less than $0.10 (us-east-1). Go on?"""
CONTROLLER_QUESTION = f"""\
At the end the controller's stack {CONTROLLER} is deleted, and created again from the template that CloudFormation has
of it (saved here first), with the same parameters, tags, policy and protection. Until it is there again, some ten
minutes later, nothing acts on uploads and alarms, and Ctrl-C waits.
- The ledger {{table}} and the bucket {{bucket}} stay, under these names, and are yours to delete.
- The new controller begins with an empty ledger: it knows no deployment of before.
- Subscriptions to its notifications end; an e-mail address of the stack's settings is asked to confirm again. The logs
  of its functions are deleted.
Make the controller anew?"""


def needs_sandbox(facts: Sequence[Fact]) -> bool:
    """Whether any of the facts changes something."""
    return any(fact.on != NOTHING for fact in facts)


def minutes(facts: Sequence[Fact], factor: float = 1) -> float:
    """Minutes of a run: facts on different things are measured at the same time, releases after them."""
    on = {fact.on for fact in facts}
    taken = {name: sum(fact.minutes for fact in facts if fact.on == name) for name in on}
    last = taken.pop(LAST, 0)
    sandbox = SANDBOX if needs_sandbox(facts) else 0
    return factor * (sandbox + max(taken.values(), default=0) + last)


def in_words(about: float) -> str:
    """The same for a person: nobody knows it by the minute."""
    if about <= 1:
        return "a minute"
    if about <= STEP:
        return f"{STEP} minutes"
    if about < HOUR - 2 * STEP:
        return f"{STEP * round(about / STEP)} minutes"
    hours = round(2 * about / HOUR) / 2
    return "an hour" if hours == 1 else f"{hours:g} hours"


def question_of_sandbox(account: str, region: str, facts: Sequence[Fact], factor: float) -> str:
    """What a run makes, how long it takes, and what it costs."""
    names = [fact.name for fact in facts]
    measured = f"{len(facts)} facts" if len(facts) > 1 else names[0]
    what = f"{measured}, three releases among them" if RELEASES in names and len(facts) > 1 else measured
    return SANDBOX_QUESTION.format(account=account, region=region, what=what, time=in_words(minutes(facts, factor)))


def question_of_controller(table: str, bucket: str) -> str:
    """What happens to the controller."""
    return CONTROLLER_QUESTION.format(table=table, bucket=bucket)
