"""Files in, scores out: decoding ahead, batches, one record an image."""
