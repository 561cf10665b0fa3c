"""The panel that shows a distorted image beside its reference."""
