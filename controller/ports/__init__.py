"""What the flow needs from the world: small protocols that the adapters in `controller.aws` implement."""
