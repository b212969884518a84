"""One module a state of the workflow, named after it: read the event, call one function of the flow, return a card."""
