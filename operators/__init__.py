"""FiftyOne operators: a form, a call, an output."""
