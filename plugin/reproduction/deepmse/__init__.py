"""Tables and figures of the DeepMSE paper."""
