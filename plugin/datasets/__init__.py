"""Published and synthetic image-quality datasets as tables of records."""
