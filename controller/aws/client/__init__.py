"""How AWS is called: clients, errors translated once, pacing, parallel uploads."""
