"""Published image-quality datasets, one file each."""
