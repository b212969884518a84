"""SmartPack, the first application: its sources and the three releases made from them."""
