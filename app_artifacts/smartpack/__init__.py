"""SmartPack, the first application: its sources and the three releases that come from them."""
