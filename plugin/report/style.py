"""The style of a report: light and dark as the reader's system is, and plain on paper."""

from typing import Final

STYLE: Final = """
:root { color-scheme: light dark; --page: #f6f7f9; --card: #fff; --text: #1b2230; --quiet: #5a6475; --line: #dfe3ea;
  --mark: #6d4de0; --soft: #cfc4fb; --bad: #b42318; }
@media (prefers-color-scheme: dark) { :root { --page: #12151c; --card: #1b202a; --text: #e8ebf1; --quiet: #a3adbd;
  --line: #323947; --mark: #a78bfa; --soft: #4c3f86; --bad: #f9877b; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--text);
  font: 15px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
main { max-width: 1020px; margin: 0 auto; padding: 32px 20px 64px; }
header p { margin: 0; color: var(--quiet); }
h1 { margin: 0 0 4px; font-size: clamp(24px, 4vw, 34px); letter-spacing: -.02em; line-height: 1.15;
  overflow-wrap: anywhere; }
h2 { margin: 0 0 14px; font-size: 19px; letter-spacing: -.01em; }
section { margin-top: 20px; padding: 20px 22px; background: var(--card); border: 1px solid var(--line);
  border-radius: 12px; overflow-x: auto; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: 12px; }
.tiles b { display: block; font-size: 28px; line-height: 1.2; font-variant-numeric: tabular-nums; }
.tiles span { color: var(--quiet); }
figure { margin: 0 0 18px; }
figure:last-child { margin-bottom: 0; }
figcaption { margin-bottom: 8px; color: var(--quiet); }
figcaption b { color: var(--text); }
svg { display: block; width: 100%; max-width: 760px; height: auto; overflow: visible;
  font: 13px system-ui, sans-serif; }
svg rect, svg circle { fill: var(--mark); }
svg text { fill: var(--quiet); }
svg .grid { stroke: var(--line); }
svg .range { stroke: var(--soft); stroke-width: 6; stroke-linecap: round; }
svg line.median { stroke: var(--text); stroke-dasharray: 3 3; }
svg text.median { fill: var(--text); }
.pictures { display: grid; grid-template-columns: repeat(auto-fill, minmax(210px, 1fr)); gap: 16px; }
.pictures figure { margin: 0; }
.pictures img, .pictures .none { display: block; width: 100%; height: 150px; object-fit: contain;
  background: var(--page); border-radius: 8px; }
.pictures .none { padding: 16px; color: var(--bad); }
.pictures figcaption { margin: 8px 0 0; font-size: 13px; line-height: 1.4; overflow-wrap: anywhere; }
.pictures em { display: block; color: var(--bad); font-style: normal; }
table { border-collapse: collapse; width: 100%; margin-bottom: 18px; font-variant-numeric: tabular-nums; }
th, td { padding: 7px 12px 7px 0; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }
th { color: var(--quiet); font-weight: 500; }
td:not(:first-child), th:not(:first-child) { text-align: right; }
small { color: var(--quiet); white-space: nowrap; }
summary { cursor: pointer; font-weight: 600; }
pre { margin: 8px 0 16px; font-size: 12px; line-height: 1.45; white-space: pre-wrap; overflow-wrap: anywhere;
  color: var(--quiet); }
@media print { :root { --page: #fff; --card: #fff; --text: #000; --quiet: #444; --line: #ccc; --mark: #5a3fd0;
  --soft: #cfc4fb; --bad: #900; } body { font-size: 11pt; } main { max-width: none; padding: 0; }
  section { border: 0; padding: 0 0 8px; break-inside: auto; } figure, tr { break-inside: avoid; }
  svg rect, svg circle { print-color-adjust: exact; -webkit-print-color-adjust: exact; } }
"""
