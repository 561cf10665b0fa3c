"""The only door to FiftyOne data."""
