"""Tables and figures of the deep-feature paper."""
