"""The main job, to watch: three releases of SmartPack on the local AWS, of which the third is bad and is put back."""
