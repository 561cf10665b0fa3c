"""Table 1 and figures 4 to 6 of the ConvNeXt paper.

B. Padmaja, H. H. Al Hamed, A. J. Reddy, M. D. Reddy, "Deep learning for no-reference image quality assessment"
"""
