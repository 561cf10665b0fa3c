"""SRCC, KRCC and PLCC as metrics of FiftyOne's ``evaluate_regressions``."""

from __future__ import annotations

from typing import Any, ClassVar

import fiftyone.operators as foo
from fiftyone.core.collections import SampleCollection
from fiftyone.operators import types
from fiftyone.utils.eval.regression import RegressionResults

from ..plugin.evaluation import evaluate


class CorrelationMetric(foo.EvaluationMetric):
    """A correlation of predictions with the ground truth, positive where they agree in their declared directions."""

    statistic: ClassVar[str]
    label: ClassVar[str]
    description: ClassVar[str]

    @property
    def config(self) -> foo.EvaluationMetricConfig:
        """What FiftyOne shows and records."""
        config = foo.EvaluationMetricConfig(
            name=self.statistic,
            label=self.label,
            description=self.description,
            eval_types=["regression"],
            lower_is_better=False,
            unlisted=True,
        )
        # FiftyOne records what is here, and takes its own default where nothing is.
        config.kwargs["lower_is_better"] = False
        return config

    def resolve_input(self, ctx: foo.ExecutionContext) -> types.Property:
        """The form, where both directions are declared."""
        inputs = types.Object()
        inputs.bool("lower_is_better", default=False, label="Lower predictions are better")
        inputs.bool("target_lower_is_better", default=False, label="Lower ground truth is better")
        return types.Property(inputs)

    def compute(
        self,
        samples: SampleCollection,
        results: RegressionResults,
        lower_is_better: bool = False,
        target_lower_is_better: bool = False,
        **kwargs: Any,
    ) -> float | None:
        """The correlation; None where it cannot be had.

        Args:
            samples: what was evaluated
            results: what came out
            lower_is_better: of the predictions, e.g. True for DeepMSE
            target_lower_is_better: of the ground truth, e.g. True for DMOS
            kwargs: nothing
        """
        evaluation = evaluate(
            {self.statistic: results.ypred},
            results.ytrue,
            target_lower_is_better=target_lower_is_better,
            lower_is_better={self.statistic: lower_is_better},
            curve="logistic5" if self.statistic == "plcc" else None,
        )
        value: float | None = getattr(evaluation.rows[0], self.statistic)
        return value


class Srcc(CorrelationMetric):
    """Spearman's rank correlation."""

    statistic = "srcc"
    label = "SRCC"
    description = "Spearman's rank correlation of predictions and ground truth"


class Krcc(CorrelationMetric):
    """Kendall's rank correlation."""

    statistic = "krcc"
    label = "KRCC"
    description = "Kendall's tau-b of predictions and ground truth"


class Plcc(CorrelationMetric):
    """Pearson's linear correlation after the fit."""

    statistic = "plcc"
    label = "PLCC"
    description = "Pearson's correlation of predictions and ground truth after a five-parameter logistic fit"
