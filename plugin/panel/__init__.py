"""FiftyOne panels and their figures."""
