"""The panel that compares scores with opinions."""
