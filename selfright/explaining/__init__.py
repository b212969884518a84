"""Why a deployment ended as it did: in sentences, as numbers, and drawn."""
