"""No-reference quality by ConvNeXt networks that see whole pictures."""
