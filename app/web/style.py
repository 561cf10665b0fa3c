"""The style of the web page."""

from typing import Final

STYLE: Final = """
:root { --dm-quiet: #4b5565; --dm-bad: #b42318; --dm-chosen: #7c3aed; }
.dark { --dm-quiet: #a3adbd; --dm-bad: #f9877b; --dm-chosen: #a78bfa; }

.gradio-container { width: 100%; max-width: 1080px !important; margin: 0 auto; }
.gradio-container .html-container { padding: 0; }

/* Gradio hides the way to the endpoints on phones, and ends its footer with a divider that divides nothing. */
.gradio-container footer .show-api { display: flex !important; }
.gradio-container footer .divider { display: none; }

.dm-header { padding: 24px 0 0; }
.dm-header h1 { margin: 0 0 10px; font-size: clamp(26px, 5vw, 36px); font-weight: 650; line-height: 1.15;
  letter-spacing: -.02em; text-wrap: balance; }
.dm-header p { margin: 0; font-size: 15px; line-height: 1.55; color: var(--dm-quiet); }

.tab-container button { font-weight: 600; }
.tab-container button.selected { color: var(--dm-chosen) !important; }
@media (max-width: 640px) { .tab-container button { padding: 0 8px !important; font-size: 13px !important; } }
@media (max-width: 350px) { .tab-container button { padding: 0 4px !important; font-size: 12px !important; } }
.dm-intro { margin: 0; font-size: 15px; line-height: 1.55; color: var(--dm-quiet); }

.dm-input { gap: 6px !important; }
.dm-upload { margin: 0; min-height: 1.5em; font-size: 13px; color: var(--dm-quiet); overflow-wrap: anywhere; }
.dm-upload.dm-failed { color: var(--dm-bad); }

.dm-actions { flex-wrap: wrap; align-items: center; gap: 12px !important; }
.dm-examples { flex-wrap: nowrap; align-items: center; gap: 12px !important; flex: none !important;
  width: auto !important; margin-left: auto; }
.dm-examples > .block { flex: none !important; width: auto !important; }
.dm-examples > button { min-width: 70px !important; }
.dm-examples p { margin: 0; font-size: 14px; color: var(--dm-quiet); }
@media (max-width: 640px) { .dm-examples { margin-left: 0; } }

.form:has(> .dm-choice), .dm-choice { padding: 0 !important; border: 0 !important; background: none !important;
  box-shadow: none !important; }
.form:has(> .dm-choice) { gap: 16px !important; }
.dm-choice > .container { display: flex; flex-wrap: wrap; align-items: center; gap: 6px 14px; }
.dm-choice > .container > .wrap { flex: 1 1 220px; min-width: 0; }
.dm-choice [data-testid="block-info"] { margin: 0; font-size: 14px; color: var(--dm-quiet); }
.dm-choice .options { max-height: 290px !important; }

.dm-message { padding: 14px 18px; border: 1px solid var(--dm-bad); border-radius: 10px;
  box-shadow: inset 4px 0 var(--dm-bad); overflow-wrap: anywhere; white-space: pre-line; }

#comparison > :has(.dm-message) { min-height: 0; }

.dm-result { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 380px), 1fr));
  gap: 28px 48px; padding: clamp(18px, 3vw, 32px); border: 1px solid var(--border-color-primary);
  border-radius: 14px; background: var(--block-background-fill); }
.dm-result h2, .dm-result h3 { margin: 0; font-size: 13px; font-weight: 600; letter-spacing: .02em;
  color: var(--dm-quiet); }
.dm-result h3 { margin-top: 28px; }
.dm-result p { margin: 0; line-height: 1.55; }
.dm-result .dm-score { font-size: 64px; font-weight: 650; line-height: 1.2; letter-spacing: -.03em; }
.dm-result .dm-caption, .dm-result footer * { font-size: 13px; color: var(--dm-quiet); }

.dm-result .dm-others { grid-column: 1 / -1; width: 100%; margin: 0; border-collapse: collapse; font-size: 14px; }
.dm-others caption { padding-bottom: 6px; text-align: left; font-size: 13px; font-weight: 600; letter-spacing: .02em;
  color: var(--dm-quiet); }
.dm-others thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
.dm-result .dm-others, .dm-result .dm-others tr { border: 0 !important; }
.dm-result .dm-others th, .dm-result .dm-others td { padding: 7px 16px 7px 0; border: 0 !important;
  border-top: 1px solid var(--border-color-primary) !important; text-align: left; font-weight: 400;
  line-height: 1.4; }
.dm-others td + td { padding-right: 0; font-size: 13px; color: var(--dm-quiet); }
.dm-result .dm-others .dm-like td { padding-top: 0; border: 0 !important; font-size: 13px; color: var(--dm-quiet); }
.dm-others th + td { white-space: nowrap; font-variant-numeric: tabular-nums; }
.dm-result .dm-others .dm-failed { white-space: normal; overflow-wrap: anywhere; font-size: 13px;
  color: var(--dm-bad); }

.dm-nothing { display: grid; place-items: center; min-height: 320px; margin: 0; font-size: 14px;
  border: 1px dashed var(--border-color-primary); border-radius: 14px; color: var(--dm-quiet); }
.dm-waiting { margin: 0 0 8px; font-size: 15px; font-variant-numeric: tabular-nums; }
.dm-waiting + progress { display: block; width: 100%; height: 8px; border: 0; border-radius: 4px; overflow: hidden;
  appearance: none; background: var(--background-fill-secondary); }
.dm-waiting + progress::-webkit-progress-bar { background: var(--background-fill-secondary); }
.dm-waiting + progress::-webkit-progress-value { background: var(--color-accent); }
.dm-waiting + progress::-moz-progress-bar { background: var(--color-accent); }

.dm-result footer { grid-column: 1 / -1; padding-top: 16px; border-top: 1px solid var(--border-color-primary); }
.dm-result footer ul { margin: 0 0 6px; padding-left: 18px; }
.dm-result .dm-warning { color: var(--dm-bad); }
"""
