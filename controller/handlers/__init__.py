"""A module for each state of the workflow: it reads the event, calls one function of the flow, returns its result."""
