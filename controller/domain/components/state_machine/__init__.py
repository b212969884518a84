"""The kind `state_machine`: a state machine of AWS Step Functions."""

from controller.domain.components.kind import Kind

KIND = Kind("state_machine", __name__, "StateMachineTarget", "StateMachineArtifact")
