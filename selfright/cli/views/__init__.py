"""What people and scripts see: pure functions from plain values to renderables and documents."""
