"""One module a state of the workflow: it reads the event, calls one function of the flow, and returns its result."""
