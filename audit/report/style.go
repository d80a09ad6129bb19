package report

import "lifeboat/internal/plain"

// style is the whole look: black on white, one colour for each level and never
// colour alone.
const style = plain.CodeStyle + `
:root { --ink: #111; --soft: #555; --rule: #c8c8c8; --error: #a40000; --warning: #7a4b00; --note: #444; --good: #0b5a2a; }
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0; overflow-wrap: break-word; color: var(--ink); background: #fff; font: 16px/1.5 "Segoe UI", "Helvetica Neue", Arial, "Liberation Sans", sans-serif; }
main { max-width: 52rem; margin: 0 auto; padding: 1.5rem 1rem 3rem; }
p, ul, ol, dl, table, figure { margin: 0 0 .75rem; }
h1, h2, h3 { line-height: 1.25; margin: 0; overflow-wrap: anywhere; }
h1 { font-size: 1.75rem; }
h2 { font-size: 1.25rem; margin-bottom: .6rem; }
h3 { font-size: 1rem; margin-bottom: .5rem; }
header { border-bottom: 2px solid var(--ink); margin-bottom: 1.25rem; }
header p { color: var(--soft); margin-bottom: .4rem; }
section { margin-top: 2.25rem; }
section.verdict { margin-top: 0; border: 2px solid; border-left-width: .75rem; padding: .9rem 1rem .4rem; }
section.verdict h2 { font-size: 1.5rem; margin-bottom: .3rem; }
section.verdict p { color: var(--ink); }
section.verdict .counts { color: var(--soft); }
.error { color: var(--error); border-color: var(--error); }
.warning { color: var(--warning); border-color: var(--warning); }
.note { color: var(--note); border-color: #888; }
.good { color: var(--good); border-color: var(--good); }
.key, .path, .hash, dd { overflow-wrap: anywhere; }
.key, .path, .hash, code, pre { font-family: "SFMono-Regular", Consolas, "Liberation Mono", monospace; font-size: .8125rem; }
.badge { border-left: .35rem solid; padding-left: .7rem; font-weight: 600; }
.set { border-top: 1px solid var(--rule); padding-top: .9rem; margin-top: 1rem; }
.columns { display: flex; flex-wrap: wrap; gap: .5rem 2rem; }
.columns figure { flex: 0 1 360px; min-width: 0; }
.columns > div { flex: 1 1 14rem; min-width: 0; }
svg { display: block; max-width: 100%; height: auto; }
svg text { font: 13px "Segoe UI", "Helvetica Neue", Arial, "Liberation Sans", sans-serif; fill: #111; }
svg .name { font-weight: 600; }
svg .small { font-size: 12px; fill: #444; }
svg .line { fill: none; stroke: #111; stroke-width: 1.5; }
svg .open { stroke-dasharray: 4 3; }
svg .mark { fill: #111; stroke: #111; stroke-width: 1.5; }
svg .none { fill: #fff; stroke-dasharray: 3 2; }
svg .tick { fill: none; stroke: #fff; stroke-width: 2.2; }
svg .cross { fill: none; stroke: #a40000; stroke-width: 2.2; }
svg .key { fill: #fff; stroke: #111; stroke-width: 2; }
svg .in { text-anchor: middle; }
svg .head { font-weight: 600; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1rem; }
dt { color: var(--soft); }
dd { margin: 0; }
table { width: 100%; border-collapse: collapse; }
th { text-align: left; font-weight: 600; border-bottom: 1.5px solid var(--ink); }
th, td { padding: .3rem .8rem .3rem 0; vertical-align: top; overflow-wrap: anywhere; }
tbody tr:last-child td { border-bottom: 1px solid var(--rule); }
.set tbody td { border-bottom: 1px solid var(--rule); }
.state { white-space: nowrap; }
.numbers td, .numbers th { width: 20%; }
.files td:nth-child(3), .files th:nth-child(3) { text-align: right; padding-right: 0; padding-left: .8rem; }
.hash { padding-top: 0; color: var(--soft); }
.finding { border-left: .35rem solid; padding: .1rem 0 .1rem .8rem; margin-bottom: 1.1rem; }
.finding p { color: var(--ink); margin-bottom: .25rem; }
.finding .label b { text-transform: uppercase; letter-spacing: .03em; font-size: .8125rem; }
.finding.error b:first-child { color: var(--error); }
.finding.warning .label b { color: var(--warning); }
.finding.error p:last-child b, .finding p:last-child b { color: var(--ink); }
.label span { color: var(--soft); font-size: .8125rem; margin-left: .4rem; }
pre { margin: .3rem 0 .6rem; padding: .4rem .6rem; background: #f2f2f2; }
.code { font-size: 1.3rem; font-weight: 600; }
.verdict, .vault { display: flow-root; }
.qr { width: 9rem; float: right; margin: 0 0 .5rem 1rem; }
.keys { clear: both; table-layout: fixed; }
.keys th:nth-child(-n+2) { width: 20%; }
.keys td:nth-child(n+3) { font-family: "SFMono-Regular", Consolas, "Liberation Mono", monospace; font-size: .8125rem; }
.sign td { height: 3.2rem; vertical-align: bottom; }
.sign td:first-child { width: 45%; }
.result { color: var(--soft); margin-bottom: .3rem; }
li { margin-bottom: .35rem; }
@media (max-width: 30rem) { h1 { font-size: 1.4rem; } dl { gap: .15rem .8rem; } table { font-size: .875rem; } th, td { padding-right: .5rem; } }
@media print {
  @page { margin: 16mm 15mm 18mm; }
  body { font-size: 10pt; line-height: 1.4; }
  main { max-width: none; padding: 0; }
  h2, h3, thead, .key, .badge { break-after: avoid; }
  .finding, figure, .columns, tr, li, .verdict, dl { break-inside: avoid; }
  .files tbody { break-inside: avoid; }
  section { margin-top: 1.4rem; }
  .code { font-size: 13pt; }
  .qr { width: 34mm; }
  pre { background: none; border: .5pt solid #888; }
  .verdict, .badge, .finding, svg { -webkit-print-color-adjust: exact; print-color-adjust: exact; }
}
`
