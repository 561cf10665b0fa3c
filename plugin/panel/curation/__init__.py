"""The panel that finds bad images by thresholds, and acts on them."""
