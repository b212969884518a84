"""The application's edge on 127.0.0.1, because the emulator lacks some features of AWS.

The emulator stores an alias's weights but does not route by them, and it has the metrics of a function but not those of
an alias or a version. So the edge takes every request to the API, chooses the version as Lambda would, invokes exactly
that one, and publishes what Lambda would. The emulator ignores the CORS of an HTTP API in a template, so the edge
answers preflights. The emulator's CloudFront knows no origin groups, so the edge answers everything else as CloudFront
would: it runs the distribution's functions and reads the bucket. The path `/.selfright/edge` is the edge's own: GET
answers with what was served, by version and site revision.
"""
