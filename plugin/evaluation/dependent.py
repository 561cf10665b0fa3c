"""Tests of two correlations with one target, measured on the same items: each takes the correlations alone.

They take the items as independent. Distorted versions of one photograph are not, so that under clusters their
p-values are too small.
"""

import math

from scipy import stats


def williams(first: float, second: float, between: float, n: int) -> tuple[float, float]:
    """Williams's t of two dependent Pearson correlations.

        E. J. Williams, "The comparison of regression variables", Journal of the Royal Statistical Society B 21, 1959,
        in the form of J. H. Steiger, "Tests for comparing elements of a correlation matrix", Psychological
        Bulletin 87(2), 1980, eq. 7

    Args:
        first: correlation of one variable with the target, in (-1, 1)
        second: correlation of the other with it
        between: correlation of the two variables
        n: number of items, at least 4

    Returns:
        t with n - 3 degrees of freedom, positive where the first is larger, and its two-sided p
    """
    determinant = 1 - first**2 - second**2 - between**2 + 2 * first * second * between
    mean = (first + second) / 2
    spread = 2 * determinant * (n - 1) / (n - 3) + mean**2 * (1 - between) ** 3
    t = (first - second) * math.sqrt((n - 1) * (1 + between) / spread)
    return t, float(2 * stats.t.sf(abs(t), n - 3))


def steiger(first: float, second: float, between: float, n: int) -> tuple[float, float]:
    """Steiger's Z of two dependent correlations: the difference of their Fisher's z.

        J. H. Steiger, "Tests for comparing elements of a correlation matrix", Psychological Bulletin 87(2), 1980,
        eq. 14; for rank correlations L. Myers, M. J. Sirois, "Spearman correlation coefficients, differences
        between", Encyclopedia of Statistical Sciences, 2006

    Args:
        first: correlation of one variable with the target, in (-1, 1)
        second: correlation of the other with it
        between: correlation of the two variables
        n: number of items, at least 4

    Returns:
        Z, standard normal where both are equal and positive where the first is larger, and its two-sided p
    """
    pooled = ((first + second) / 2) ** 2
    covariance = between * (1 - 2 * pooled) - pooled * (1 - 2 * pooled - between**2) / 2
    spread = 2 - 2 * covariance / (1 - pooled) ** 2
    z = (math.atanh(first) - math.atanh(second)) * math.sqrt((n - 3) / spread)
    return z, float(2 * stats.norm.sf(abs(z)))
