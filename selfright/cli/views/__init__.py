"""The output for people and scripts: pure functions from plain values to renderables and documents."""
