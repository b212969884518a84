"""The state machines as they are written: every state is reached, ends, and fails towards the rollback."""

import re

import pytest

from bootstrap_cdk.controller.functions import SIZES
from bootstrap_cdk.controller.state_machines import FOLDER
from controller.aws.client.pacing import URGENT_PATIENCE
from controller.handlers.entry import TASKS
from selfright.cdk.names import Group
from tests.infrastructure.definitions import Scope, State, ends, following, load, states_of_type
from tests.infrastructure.templates import Template

MACHINES = ("deploy", "rollback")
TASK_STATES = [(machine, *found) for machine in MACHINES for found in states_of_type(machine, "Task")]
SCOPES = [(machine, scope) for machine in MACHINES for scope in load(machine).inner()]
LAMBDA_FAULTS = {"Lambda.ServiceException", "Lambda.TooManyRequestsException", "Lambda.SdkClientException"}
FORMER_TASKS: set[str] = set()
"""Tasks that only the machines of the version before call: executions that began with these may be on their way."""

WITHOUT_END = {"Verify restoration"}
SAFE_ENDS = {
    "Roll back": "the way to the rollback itself",
    "Not received": "no deployment exists yet, so there is nothing to put back",
    "Rollback not finished": "the rollback was started; the reconciler goes on with it",
    "Not begun": "the reconciler starts the rollback again",
    "Not closed": "everything is restored; the reconciler closes",
    "Not restored": "the other components go on; the verification finds what is missing",
    "Not unstaged": "visitors are back; the rollback ends, and the timeline says what is left",
    "Verify restoration": "says what is not restored",
    "Could not verify": "the deployment is closed as ROLLBACK_FAILED",
}
"""Where a failure may lead, and why that is safe."""


@pytest.fixture(params=TASK_STATES, ids=[f"{machine}: {name}" for machine, _, name in TASK_STATES])
def task(request: pytest.FixtureRequest) -> tuple[Scope, str]:
    """Every Task of both machines: its scope and its name."""
    _, scope, name = request.param
    return scope, name


@pytest.fixture(params=SCOPES, ids=[f"{machine}: from {scope.definition['StartAt']}" for machine, scope in SCOPES])
def scope(request: pytest.FixtureRequest) -> Scope:
    """Every scope of both machines."""
    found: Scope = request.param[1]
    return found


def test_there_is_something_to_look_at() -> None:
    """Both machines have tasks."""
    assert {machine for machine, _, _ in TASK_STATES} == set(MACHINES)


def test_every_state_that_is_named_exists(scope: Scope) -> None:
    """No transition leads nowhere, or out of its Map or branch."""
    named = {scope.definition["StartAt"], *(name for state in scope.states.values() for name in following(state))}
    assert named <= set(scope.states)


def test_every_state_is_reached(scope: Scope) -> None:
    """There are no states that nothing leads to."""
    assert scope.reachable(scope.definition["StartAt"]) == set(scope.states)


def test_every_state_leads_to_an_end(scope: Scope) -> None:
    """From wherever an execution is, it can end."""
    stuck = [name for name in scope.states if not any(ends(scope.states[one]) for one in scope.reachable(name))]
    assert stuck == []


def test_every_state_goes_on_or_ends(scope: Scope) -> None:
    """`Next` or `End`, never both and never neither; a Choice has a default, so that no outcome is left out."""
    wrong = [name for name, state in scope.states.items() if not _goes_on(state)]
    assert wrong == []


def _goes_on(state: State) -> bool:
    if state["Type"] == "Choice":
        return "Default" in state
    return ("Next" in state) != ends(state)


def test_every_task_has_a_timeout(task: tuple[Scope, str]) -> None:
    """Nothing waits for ever."""
    scope, name = task
    state = scope.states[name]
    assert state.get("TimeoutSeconds") or state.get("TimeoutSecondsPath")


def test_every_machine_has_a_timeout() -> None:
    """Not even a machine does."""
    assert all(load(machine).definition["TimeoutSeconds"] for machine in MACHINES)


def test_every_task_is_retried_with_backoff_and_jitter(task: tuple[Scope, str]) -> None:
    """A transient fault is no failure, and retries are spread."""
    scope, name = task
    retries = scope.states[name]["Retry"]
    assert retries
    for retry in retries:
        assert retry["MaxAttempts"] >= 2
        assert retry["BackoffRate"] > 1
        assert retry["JitterStrategy"] == "FULL"


def test_only_the_rollback_is_retried_on_every_error() -> None:
    """Before that, a lasting fault causes a rollback; after a failed rollback, only a person can help."""
    for machine, scope, name in TASK_STATES:
        errors = {error for retry in scope.states[name]["Retry"] for error in retry["ErrorEquals"]}
        assert ("States.ALL" in errors) == (machine == "rollback"), name


def test_every_function_call_is_retried_on_the_faults_of_lambda(task: tuple[Scope, str]) -> None:
    """The errors that AWS says a client of Lambda must expect."""
    scope, name = task
    state = scope.states[name]
    if ":lambda:invoke" in state["Resource"]:
        for fault in LAMBDA_FAULTS:
            first = next(retry for retry in state["Retry"] if {fault, "States.ALL"} & {*retry["ErrorEquals"]})
            assert first["MaxAttempts"] >= 6


def test_every_task_fails_towards_the_rollback(task: tuple[Scope, str]) -> None:
    """Its own Catch, or that of a Map or Parallel around it, catches everything and leads to a safe end.

    A state without one is retried for hours; if the execution still dies, the reconciler starts another.
    """
    scope, name = task
    if name in WITHOUT_END:
        assert [retry["MaxAttempts"] for retry in scope.states[name]["Retry"]] == [10_000]
        return
    _, target = next(scope.catchers(name), (None, None))
    assert target in SAFE_ENDS, f"a failure of '{name}' leads to {target}"


def test_after_the_first_change_only_the_rollback_catches() -> None:
    """In the deploy machine, every failure after the deployment exists is rolled back."""
    machine = load("deploy")
    later = machine.reachable("Validate bundle") - {"Roll back"}
    caught = {name: [target for _, target in machine.catchers(name)] for name in later}
    risky = [name for name in later if machine.states[name]["Type"] in {"Task", "Map", "Parallel"}]
    assert risky
    assert {name: caught[name] for name in risky if caught[name] != ["Roll back"]} == {}


def test_the_catch_keeps_what_the_rollback_needs(task: tuple[Scope, str]) -> None:
    """The error is put beside the deployment's id, not over it."""
    scope, name = task
    for catch in scope.states[name].get("Catch", []):
        assert catch["ResultPath"] != "$"


def test_every_task_is_one_that_its_function_runs(task: tuple[Scope, str]) -> None:
    """The function that a state calls knows the task that the state names."""
    scope, name = task
    parameters = scope.states[name]["Parameters"]
    if "FunctionName" not in parameters:
        return
    (group,) = [group for group in Group if parameters["FunctionName"] == f"${{{group.title}FunctionArn}}"]
    assert parameters["Payload"]["task"] in TASKS[group.value]


def test_every_task_of_the_functions_is_used() -> None:
    """No handler is left that nothing calls; those of one task are called by events."""
    called = {scope.states[name]["Parameters"].get("Payload", {}).get("task") for _, scope, name in TASK_STATES}
    by_events = {"on_alarm", "reconcile"}
    assert {task for tasks in TASKS.values() for task in tasks} == (called - {None}) | by_events | FORMER_TASKS


def test_the_groups_of_the_stack_are_those_of_the_handlers() -> None:
    """Every function of the stack has handlers, and every handler a function."""
    assert {group.value for group in Group} == set(TASKS)


@pytest.mark.parametrize("machine", MACHINES)
def test_every_target_exists_in_the_template(controller: Template, machine: str) -> None:
    """Every `${…}` of the definition is a function or a machine of the stack, or the partition."""
    resource = controller.named("AWS::StepFunctions::StateMachine", "StateMachineName", f"selfright-{machine}")
    wanted = set(re.findall(r"\$\{(\w+)\}", (FOLDER / f"{machine}.asl.json").read_text()))
    provided = resource["DefinitionSubstitutions"]
    assert set(provided) == wanted
    for name, value in provided.items():
        assert _exists(controller, value), name


@pytest.mark.parametrize("machine", MACHINES)
def test_functions_are_updated_before_the_machines(controller: Template, machine: str) -> None:
    """An update never lets a new machine call a task that a function does not have yet: CloudFormation waits for it."""
    resource = controller.named("AWS::StepFunctions::StateMachine", "StateMachineName", f"selfright-{machine}")
    functions = {name: value for name, value in resource["DefinitionSubstitutions"].items() if "Function" in name}
    assert functions
    assert all(list(value) == ["Fn::GetAtt"] for value in functions.values())


def _exists(template: Template, value: dict[str, object]) -> bool:
    if value == {"Ref": "AWS::Partition"}:
        return True
    functions, machines = (
        template.of_type("AWS::Lambda::Function"),
        template.of_type("AWS::StepFunctions::StateMachine"),
    )
    names = [str(one["StateMachineName"]) for one in machines.values()]
    text = template.text(value)
    return text.strip("<>").removesuffix(".Arn") in functions or text.rpartition(":")[2] in names


def test_the_lock_is_not_released_while_staged_revisions_are_still_discarded() -> None:
    """Closing discards staged revisions: a second try must not run beside the first one."""
    (state,) = (scope.states[name] for scope, name in states_of_type("rollback", "Task") if name == "Close deployment")
    assert state["TimeoutSeconds"] >= SIZES[Group.CLOSE].timeout


@pytest.mark.parametrize("group", [Group.TRAFFIC, Group.ON_ALARM])
def test_rollback_functions_outlive_their_retries(group: Group) -> None:
    """A function that timed out while Lambda's control plane refuses it could neither report it nor end the wait."""
    assert SIZES[group].timeout > URGENT_PATIENCE


@pytest.mark.parametrize(("machine", "task"), [("deploy", "Shift traffic"), ("rollback", "Restore component")])
def test_a_task_is_not_over_before_its_function_is(machine: str, task: str) -> None:
    """Otherwise the next try would run beside it."""
    (state,) = (scope.states[name] for scope, name in states_of_type(machine, "Task") if name == task)
    assert state["TimeoutSeconds"] >= SIZES[Group.TRAFFIC].timeout
