"""The door of the application on 127.0.0.1, because the emulator does some things less than AWS.

It stores an alias's weights but does not route by them, and it knows a function's metrics but not those of an alias or
a version. So the edge takes every request to the API, chooses the version as Lambda would, invokes exactly that one,
and publishes what Lambda would. It forgets what a template says of an HTTP API's CORS, so the edge answers preflights.
Everything else goes to the emulator's CloudFront. The path `/.selfright/edge` is the edge's own: GET answers with what
was served, by version and site revision.
"""
