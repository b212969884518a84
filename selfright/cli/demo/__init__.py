"""The demo: three releases of SmartPack on the local AWS; the third is bad and is rolled back."""
