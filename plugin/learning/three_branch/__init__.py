"""Full-reference quality from features that compare and features that look at the distorted image alone."""
