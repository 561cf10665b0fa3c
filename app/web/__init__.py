"""The web page: two pictures compared, or one judged."""
