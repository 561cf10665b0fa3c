"""Files of parameters: how they are declared, found, fetched, checked and read."""
