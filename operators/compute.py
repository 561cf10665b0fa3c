"""What the operators that score images share: the form, immediate and delegated runs, the summary."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import fiftyone.operators as foo
from fiftyone.core.collections import SampleCollection
from fiftyone.operators import types

from ..plugin.errors import UsageError
from ..plugin.metrics import Kind, metric_info, metric_names
from ..plugin.metrics.inventory import lack
from ..plugin.store import (
    ScoringJob,
    Source,
    check_score_fields,
    scoring_time,
    trained_models,
    underlying,
)
from .forms import MANY, delegation, plan, problem, settings
from .scored import scored, show
from .work import WorkingOperator, told

_KINDS: Final = {"FR": "compares with references", "NR": "needs no references"}


class ComputeOperator(WorkingOperator):
    """Scores the images of a view with metrics of one kind and writes the scores to fields."""

    kind: Kind
    default_metric: str

    def source(self, params: dict[str, Any]) -> Source:
        """Where the images are, as the form says."""
        raise NotImplementedError

    def source_inputs(self, inputs: types.Object, samples: SampleCollection) -> None:
        """The part of the form that says where the images are."""
        raise NotImplementedError

    def metrics(self, params: dict[str, Any]) -> list[str]:
        """The trained model if one is named, else the chosen metrics."""
        return [params["model"]] if params.get("model") else list(params.get("metrics") or [self.default_metric])

    def extra_inputs(self, inputs: types.Object) -> None:
        """What else the form asks."""

    def run(
        self,
        samples: SampleCollection,
        metric: str | Sequence[str],
        where: Mapping[str, Any],
        *,
        delegate: bool = False,
        model: str | None = None,
        only_missing: bool = False,
        device: str = "auto",
        batch_size: int | None = None,
        weights: str | None = None,
    ) -> foo.ExecutionResult:
        """Run the operator from Python.

        Args:
            samples: dataset or view
            metric: name of a metric, or several names
            where: where the images are, and what else this kind of metric asks
            delegate: queue the work for ``fiftyone delegated launch`` rather than do it now
            model: path of a trained model to score with in place of ``metric``
            only_missing: leave samples alone that have a score
            device: "auto", "cpu" or "cuda"
            batch_size: images at a time; None for what suits the device
            weights: path of the weights, or of a folder of them; None to search
        """
        params = {
            **where,
            "metrics": [metric] if isinstance(metric, str) else list(metric),
            "model": model,
            "only_missing": only_missing,
            "device": device,
            "batch_size": batch_size,
            "weights": weights,
        }
        return self.request(samples, params, delegate=delegate)

    def resolve_input(self, ctx: foo.ExecutionContext) -> types.Property:
        """The form."""
        inputs = types.Object()
        inputs.view_target(ctx, action_description="Score")
        samples = ctx.target_view()
        chosen = bool(ctx.params.get("settings"))
        lacking = _metrics_input(
            inputs, self.kind, self.default_metric, weights_given=bool(ctx.params.get("weights"))
        )
        models = [] if ctx.dataset is None else trained_models(ctx.dataset, self.kind)
        if models or chosen:
            _model_input(inputs, models)
        self.source_inputs(inputs, samples)
        inputs.bool(
            "only_missing",
            default=False,
            label="Only samples without a score",
            description="Leave existing scores alone. Do not mix scores of different weights or settings",
        )
        if settings(inputs, ctx.params):
            self.extra_inputs(inputs)
            _engine_inputs(inputs, lacking)
        self._problem_or_plan(inputs, ctx, samples)
        return types.Property(inputs, view=types.View(label=self.config.label))

    def resolve_execution_options(self, ctx: foo.ExecutionContext) -> foo.ExecutionOptions:
        """Immediate or delegated; delegated first for many samples."""
        return delegation(by_default=ctx.dataset is not None and count(ctx.target_view()) >= MANY)

    def work(self, ctx: foo.ExecutionContext, results: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Score; see :class:`WorkingOperator`."""
        job = self._job(ctx)
        for state in job:
            yield told(state)
        results |= scored(ctx, job.summaries)

    def show(self, results: dict[str, Any]) -> types.Property:
        """The summary."""
        return show(results)

    def _job(self, ctx: foo.ExecutionContext) -> ScoringJob:
        params = ctx.params
        chosen = {key: params[key] for key in ("device", "batch_size", "engine") if params.get(key)}
        if params.get("weights"):
            chosen["weights"] = Path(params["weights"])
        return ScoringJob(
            ctx.target_view(),
            self.metrics(params),
            source=self.source(params),
            only_missing=params.get("only_missing", False),
            error_maps=params.get("error_maps", True),
            **chosen,
        )

    def _problem_or_plan(self, inputs: types.Object, ctx: foo.ExecutionContext, samples: SampleCollection) -> None:
        """What stops the run, or what will be done and how long it takes here."""
        names = []
        try:
            self.source(ctx.params).check(samples)
            for name in self.metrics(ctx.params):
                info = metric_info(name)
                names.append(info.name)
                if info.kind != self.kind:
                    raise UsageError(f"{info.title} {_KINDS[info.kind]}; the other compute operator scores with it")
                check_score_fields(samples._root_dataset, info)
            if not samples:
                raise UsageError("there are no samples to score")
        except UsageError as error:
            problem(inputs, "Cannot score these samples", str(error))
            return
        plan(
            inputs, "Scores", count(samples), "images", scoring_time(names, ctx.params.get("device"), count(samples))
        )


def count(samples: SampleCollection) -> int:
    """How many samples a view stands for; 0 where it is of parts of images, which no operator takes."""
    return 0 if samples._is_generated else len(underlying(samples))


def weights_input(inputs: types.Object) -> None:
    """The part of the form that names the weights."""
    inputs.str(
        "weights",
        label="Weights",
        description="File or folder. Empty: found in the usual places or downloaded",
    )


def _model_input(inputs: types.Object, models: Sequence[Path]) -> None:
    """A trained model in place of the metrics: one of the dataset's, or any file."""
    view = types.AutocompleteView(allow_user_input=True)
    for path in models:
        view.add_choice(str(path), label=f"{path.stem}: {path}")
    inputs.str(
        "model",
        label="Trained model",
        description="In place of the metrics above: one of this dataset's, or a file that `deepmse train` wrote",
        view=view,
    )


def _metrics_input(inputs: types.Object, kind: Kind, default: str, *, weights_given: bool) -> dict[str, str]:
    """The choice of metrics: those that can be computed here. What the others lack is given, by their titles."""
    choices = types.DropdownView(multiple=True)
    lacking = {}
    for metric in map(metric_info, metric_names(kind)):
        if missing := lack(metric, weights_given=weights_given):
            lacking[metric.title] = str(missing)
        else:
            choices.add_choice(metric.name, label=metric.title, description=metric.citation)
    offered = choices.values()
    others = f". Not here: {', '.join(lacking)}; why is under Settings" if lacking else ""
    inputs.list(
        "metrics",
        types.String(),
        default=[default] if default in offered else offered[:1],
        required=True,
        label="Metrics",
        description=f"Each image is decoded once for all of them{others}",
        view=choices,
    )
    return lacking


def _engine_inputs(inputs: types.Object, lacking: Mapping[str, str]) -> None:
    """Where and how to compute, and what the metrics lack that cannot be computed here."""
    device = types.DropdownView()
    for value, label in (("auto", "Automatic"), ("cpu", "CPU"), ("cuda", "GPU (CUDA)")):
        device.add_choice(value, label=label)
    inputs.enum("device", device.values(), default="auto", required=True, label="Device", view=device)
    inputs.int("batch_size", min=1, label="Batch size", description="Empty: what suits the device")
    if find_spec("ray"):
        engine = types.DropdownView()
        engine.add_choice("local", label="This machine")
        engine.add_choice("ray", label="Ray cluster", description="That of RAY_ADDRESS, else one that starts here")
        inputs.enum("engine", engine.values(), default="local", required=True, label="Engine", view=engine)
    if lacking:
        label = f"{len(lacking)} metrics cannot be computed here"
        text = " ".join(f"{title}: {missing}." for title, missing in lacking.items())
        inputs.view("lacking", types.Notice(label=label, description=text))
