"""Operators that work for long: immediate runs that stream their progress to the App, and delegated ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import fiftyone.operators as foo
from fiftyone.core.collections import SampleCollection
from fiftyone.operators import types

from ..plugin.store import Progress, sidebar_groups
from .messages import until_failure


class WorkingOperator(foo.Operator):
    """Does its work step by step, in the App or delegated, and shows what came out."""

    #: Whether the App's view of the dataset is to be brought up to date when the work is done.
    reloads: ClassVar[bool] = True

    def work(self, ctx: foo.ExecutionContext, results: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Do the work: yield what the App is told of its progress, and put what came out into ``results``."""
        raise NotImplementedError

    def show(self, results: dict[str, Any]) -> types.Property:
        """How what came out is shown."""
        raise NotImplementedError

    def request(self, samples: SampleCollection, params: Mapping[str, Any], *, delegate: bool) -> foo.ExecutionResult:
        """Run the operator from Python.

        Args:
            samples: dataset or view
            params: what the form would give
            delegate: queue the work for ``fiftyone delegated launch`` rather than do it now
        """
        request = {"view": samples.view(), "params": dict(params), "request_delegation": delegate}
        return foo.execute_operator(self.uri, request)

    def execute(self, ctx: foo.ExecutionContext) -> Iterator[Any] | dict[str, Any]:
        """Do the work: in the App a stream of messages, delegated the result."""
        if not ctx.delegated:
            return until_failure(ctx, self._stream(ctx))
        results: dict[str, Any] = {}
        for state in self.work(ctx, results):
            ctx.set_progress(**state)
        return results

    def resolve_output(self, ctx: foo.ExecutionContext) -> types.Property:
        """What came out; an immediate run has none here, it has shown its own."""
        return self.show(ctx.results) if ctx.results else types.Property(types.Object())

    def _stream(self, ctx: foo.ExecutionContext) -> Iterator[Any]:
        results: dict[str, Any] = {}
        for state in self.work(ctx, results):
            yield ctx.trigger("set_progress", state)
        if self.reloads:
            yield ctx.trigger("reload_dataset")
            yield ctx.trigger(f"{self.plugin_name}/arrange_sidebar", {"groups": sidebar_groups(ctx.dataset)})
        yield ctx.trigger("show_output", {"outputs": self.show(results).to_json(), "results": results})


def told(state: Progress, doing: str = "") -> dict[str, Any]:
    """Progress as the App is told it.

    Args:
        state: how far the work is
        doing: what it is, if there is more than one kind
    """
    failed = f", {state.failed:,} failed" if state.failed else ""
    note = f", {state.note}" if state.note else ""
    label = f"{doing}{': ' if doing else ''}{state.done:,} of {state.total:,} {state.unit} done{failed}{note}"
    return {"progress": state.done / state.total if state.total else 1.0, "label": label}
