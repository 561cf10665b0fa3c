"""Script and style of a ladder."""

from typing import Final

SCRIPT: Final = """
function choose() {
  const box = element.querySelector('.dm-smallest');
  if (!box) return;
  const input = box.querySelector('input');
  const rows = [...box.querySelectorAll('tr[data-row]')];
  const score = row => Number(row.dataset.score.replace('inf', 'Infinity'));
  const bound = [...rows].sort((a, b) => score(a) - score(b))[input.value];
  const sign = box.classList.contains('dm-lower') ? -1 : 1;
  const found = new Set();
  for (const row of rows) {
    const isGood = sign * score(row) >= sign * score(bound);
    row.hidden = !isGood || found.has(row.dataset.codec);
    if (isGood) found.add(row.dataset.codec);
  }
  for (const row of box.querySelectorAll('tr[data-none]')) row.hidden = found.has(row.dataset.none);
  const words = bound.lastElementChild.textContent;
  box.querySelector('output').textContent = words;
  input.ariaValueText = words;
}

element.addEventListener('input', choose);
element.addEventListener('click', event => {
  const chosen = event.target.closest('[data-row]');
  if (!chosen) return;
  element.querySelectorAll('[data-row]').forEach(
    each => each.classList.toggle('dm-shown', each.dataset.row === chosen.dataset.row));
  trigger('select', {index: Number(chosen.dataset.row)});
});
watch('value', choose);
"""

STYLE: Final = """
.dm-ladder { --dm-tint-1: #7c3aed; --dm-tint-2: #d97706; --dm-tint-3: #0d9488; --dm-tint-4: #db2777;
  --dm-tint-5: #2563eb; }
.dark .dm-ladder { --dm-tint-1: #a78bfa; --dm-tint-2: #fbbf24; --dm-tint-3: #2dd4bf; --dm-tint-4: #f472b6;
  --dm-tint-5: #60a5fa; }
.dm-absent p { margin: 0; font-size: 13px; color: var(--dm-quiet); }
.dm-smallest, .dm-curves { min-width: 0; }
.dm-smallest output { color: var(--body-text-color); font-variant-numeric: tabular-nums; }
.dm-smallest input { display: block; width: 100%; margin: 14px 0; accent-color: var(--color-accent); }
.dm-smallest table { width: 100%; margin: 0; border-collapse: collapse; font-size: 14px; }
.dm-smallest :is(table, thead, tbody, tr) { border: 0 !important; }
.dm-smallest :is(th, td) { padding: 7px 0 7px 12px; border: 0 !important;
  border-top: 1px solid var(--border-color-primary) !important; text-align: right; font-weight: 400;
  font-variant-numeric: tabular-nums; }
.dm-smallest td { white-space: nowrap; }
@media (max-width: 420px) { .dm-smallest :is(th, td):nth-child(3) { display: none; } }
.dm-smallest :is(th, td):first-child { padding-left: 6px; text-align: left; }
.dm-smallest thead th { border-top: 0 !important; font-size: 13px; color: var(--dm-quiet); }
.dm-smallest [data-row] { cursor: pointer; }
.dm-smallest [data-row]:hover, .dm-smallest .dm-shown { background: var(--background-fill-secondary); }
.dm-smallest button { padding: 0; border: 0; background: none; color: inherit; font: inherit; cursor: pointer; }
.dm-smallest tbody th { position: relative; padding-left: 24px !important; white-space: nowrap; }
.dm-smallest tbody th i { position: absolute; top: 12px; left: 6px; }
.dm-smallest small { display: block; font-size: 12px; color: var(--dm-quiet); }
.dm-smallest i, .dm-legend-row i { display: inline-block; width: 10px; height: 10px; margin-right: 8px;
  border-radius: 5px; background: var(--dm-tint); }
.dm-smallest .dm-caption { margin-top: 10px; }
.dm-legend-row { display: flex; flex-wrap: wrap; gap: 4px 18px; font-size: 13px; }

.dm-ladder:has(.dm-chart + .dm-chart) > div { grid-column: 1 / -1; }
.dm-curves { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 380px), 1fr)); gap: 0 48px; }
.dm-curves > p { grid-column: 1 / -1; }
.dm-chart { min-width: 0; margin: 18px 0 14px; }
.dm-chart figcaption { margin: 0 0 10px; font-size: 13px; font-weight: 600; color: var(--dm-quiet); }
.dm-plot { position: relative; height: 240px; margin: 0 0 26px 52px; border: 1px solid var(--border-color-primary);
  border-width: 0 0 1px 1px; }
.dm-plot svg { position: absolute; inset: 0; width: 100%; height: 100%; overflow: visible; }
.dm-plot polyline { fill: none; stroke: var(--dm-tint); stroke-width: 2; vector-effect: non-scaling-stroke; }
.dm-plot button { position: absolute; width: 11px; height: 11px; margin: -6px 0 0 -6px; padding: 0; cursor: pointer;
  border: 2px solid var(--block-background-fill); border-radius: 6px; background: var(--dm-tint); }
.dm-plot button:is(:hover, :focus-visible, .dm-shown) { z-index: 1; transform: scale(1.6); }
.dm-up span, .dm-across span { position: absolute; font-size: 12px; line-height: 1; color: var(--dm-quiet);
  font-variant-numeric: tabular-nums; }
.dm-up span { right: calc(100% + 8px); margin-top: -6px; }
.dm-up span::after { content: ""; position: absolute; left: calc(100% + 8px); top: 6px; width: 6px;
  border-top: 1px solid var(--border-color-primary); }
.dm-across span { top: calc(100% + 8px); transform: translateX(-50%); }
.dm-chart p { font-size: 12px; text-align: center; color: var(--dm-quiet); }
"""
