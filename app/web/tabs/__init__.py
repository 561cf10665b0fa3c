"""The tabs of the web page: one module a tab, with its inputs, its answer and its HTML."""
