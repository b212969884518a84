"""SmartPack's stack: the resources of one environment of the packing-list app, and their registration."""
