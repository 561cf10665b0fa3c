"""Script and style of a batch's results."""

from typing import Final

SCRIPT: Final = """
let order = null;
const rows = () => [...element.querySelectorAll('tbody tr')];

function sort() {
  if (!order) return;
  const {column, sign} = order;
  const key = row => row.children[column].dataset.value;
  const body = element.querySelector('tbody');
  if (!body) return;
  const compare = column === 1
    ? (a, b) => key(a).localeCompare(key(b), undefined, {numeric: true})
    : (a, b) => Number(key(a)) - Number(key(b));
  const known = rows().filter(row => key(row) !== undefined).sort((a, b) => sign * compare(a, b));
  body.append(...known, ...rows().filter(row => key(row) === undefined));
  element.querySelectorAll('thead th').forEach((cell, index) => {
    cell.ariaSort = index + 1 !== column ? 'none' : sign > 0 ? 'ascending' : 'descending';
  });
}

function split() {
  const box = element.querySelector('.dm-split');
  if (!box) return;
  const input = box.querySelector('input');
  const threshold = Number(input.value), low = Number(input.min), high = Number(input.max);
  const sign = box.classList.contains('dm-lower') ? -1 : 1;
  const scored = rows().filter(row => row.dataset.score !== undefined);
  const isKept = row => sign * Number(row.dataset.score.replace('inf', 'Infinity')) >= sign * threshold;
  let kept = 0;
  for (const row of scored) {
    const keep = isKept(row);
    row.classList.toggle('dm-rejected', !keep);
    kept += keep;
  }
  box.style.setProperty('--dm-at', `${100 * (threshold - low) / (high - low)}%`);
  box.querySelector('output').textContent = input.value;
  box.querySelector('[data-testid=kept]').textContent = kept;
  box.querySelector('[data-testid=rejected]').textContent = scored.length - kept;
}

element.addEventListener('input', split);
element.addEventListener('click', event => {
  const header = event.target.closest('thead th');
  const row = event.target.closest('tbody tr');
  if (header) {
    const column = [...header.parentNode.children].indexOf(header);
    order = {column, sign: order?.column === column ? -order.sign : 1};
    sort();
  } else if (row) {
    rows().forEach(other => other.classList.toggle('dm-shown', other === row));
    trigger('select', {index: Number(row.dataset.row)});
  }
});
watch('value', () => { sort(); split(); });
"""

STYLE: Final = """
.dm-summary { margin: 0 0 8px; font-size: 15px; font-variant-numeric: tabular-nums; }
.dm-batch { display: grid; gap: 20px; min-width: 0; }
.dm-batch ul { margin: 0; padding-left: 18px; font-size: 13px; color: var(--dm-quiet); overflow-wrap: anywhere; }
.dm-batch footer * { margin: 0; font-size: 13px; color: var(--dm-quiet); }
.dm-batch footer .dm-warning { color: var(--dm-bad); }

.dm-split h2 { margin: 0 0 10px; font-size: 13px; font-weight: 600; letter-spacing: .02em; color: var(--dm-quiet); }
.dm-histogram { position: relative; height: 110px; border-bottom: 1px solid var(--border-color-primary); }
.dm-histogram i { position: absolute; inset: 0;
  background: linear-gradient(90deg, var(--dm-rejected) var(--dm-at), var(--color-accent) var(--dm-at)); }
.dm-lower .dm-histogram i {
  background: linear-gradient(90deg, var(--color-accent) var(--dm-at), var(--dm-rejected) var(--dm-at)); }
.dm-histogram b { position: absolute; inset-block: 0; left: var(--dm-at); width: 2px; margin-left: -1px;
  background: var(--body-text-color); }
.dm-split { --dm-rejected: #cbd5e1; }
.dark .dm-split { --dm-rejected: #475569; }
.dm-ends { display: flex; justify-content: space-between; margin: 2px 0 10px; font-size: 12px; color: var(--dm-quiet);
  font-variant-numeric: tabular-nums; }
.dm-split input { display: block; width: calc(100% + 16px); margin: 6px -8px 0; accent-color: var(--color-accent); }
.dm-split p { margin: 10px 0 0; font-variant-numeric: tabular-nums; }

.dm-rows { max-height: 480px; overflow: auto; border: 1px solid var(--border-color-primary); border-radius: 10px; }
.dm-rows table { width: 100%; margin: 0; border-collapse: collapse; font-size: 14px; }
.dm-rows thead { position: sticky; top: 0; z-index: 1; background: var(--block-background-fill); }
.dm-rows :is(table, thead, tbody, tr) { border: 0 !important; }
.dm-rows :is(th, td) { padding: 6px 12px; border: 0 !important;
  border-bottom: 1px solid var(--border-color-primary) !important;
  text-align: left; font-weight: 400; overflow-wrap: anywhere; }
.dm-rows :is(th, td):not(:nth-child(-n + 2)) { text-align: right; white-space: nowrap;
  font-variant-numeric: tabular-nums; }
.dm-rows th[scope=row] { width: 50%; }
.dm-rows td:first-child { width: 68px; padding-right: 0; }
.dm-rows img { width: 56px; height: 42px; margin: 0; object-fit: cover; border-radius: 4px; }
.dm-rows button { padding: 4px 0; border: 0; background: none; color: inherit; font: inherit; text-align: inherit;
  cursor: pointer; overflow-wrap: anywhere; }
.dm-rows thead button { font-size: 13px; font-weight: 600; color: var(--dm-quiet); }
.dm-rows [aria-sort=ascending] button::after { content: " ↑"; }
.dm-rows [aria-sort=descending] button::after { content: " ↓"; }
.dm-rows small { display: block; font-size: 12px; color: var(--dm-quiet); }
.dm-rows tbody tr { cursor: pointer; }
.dm-rows tbody tr:hover { background: var(--background-fill-secondary); }
.dm-rows .dm-shown { box-shadow: inset 3px 0 var(--color-accent); }
.dm-rows .dm-rejected { opacity: .7; }
.dm-rows .dm-rejected th button { text-decoration: line-through; }
.dm-rows .dm-failed { color: var(--dm-bad); }

.dm-picture { position: sticky; top: 16px; }
.dm-picture figure { margin: 0 0 12px; }
.dm-picture img { width: 100%; margin: 0; border-radius: 8px; }
.dm-picture :is(figcaption, ul) { margin: 4px 0 0; font-size: 13px; color: var(--dm-quiet); overflow-wrap: anywhere; }
.dm-picture ul { padding-left: 18px; }
.dm-picture dl { margin: 0; }
.dm-picture dl div { display: flex; justify-content: space-between; font-size: 14px; }
.dm-picture dd { margin: 0; font-weight: 600; font-variant-numeric: tabular-nums; }
.dm-picture .dm-failed { margin: 8px 0 0; font-size: 13px; color: var(--dm-bad); overflow-wrap: anywhere; }
"""
