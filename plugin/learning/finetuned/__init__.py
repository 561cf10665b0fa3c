"""Networks trained further on opinions."""
