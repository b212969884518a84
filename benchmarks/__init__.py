"""The figures of Selfright, measured side by side with what people do today against the same local AWS."""
