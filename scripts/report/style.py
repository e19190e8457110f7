"""How a report looks: calm, light and dark, from 320 pixels up. Fonts are the reader's own."""

CSS = """
:root{color-scheme:light dark;--page:#f5f4f0;--card:#fff;--ink:#1f252c;--soft:#59636e;--rule:#dfdcd5;--blue:#1d5fa6;
--orange:#b4500f;--hit:29,95,166;--miss:190,88,20;--most:.68;--track:#ecebe6;--note:#fdf3e4;--shade:#d9d5cc}
@media (prefers-color-scheme:dark){:root{--page:#14171b;--card:#1c2126;--ink:#e6e8ea;--soft:#a0aab4;--rule:#333a42;
--blue:#82b7f2;--orange:#f0a060;--hit:130,183,242;--miss:240,160,96;--most:.45;--track:#272d34;--note:#2b2419;--shade:#0f1215}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;text-size-adjust:100%}
body{margin:0;background:var(--page);color:var(--ink);font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,
"Helvetica Neue","Noto Sans","Liberation Sans",Arial,sans-serif}
main{max-width:62rem;margin:0 auto;padding:1.5rem 1rem 3rem}
header{padding:1rem .25rem 0}
h1{font-size:clamp(1.5rem,1.1rem + 2vw,2.3rem);line-height:1.2;margin:.1rem 0 .8rem;overflow-wrap:anywhere}
h2{font-size:1.25rem;line-height:1.3;margin:0 0 .6rem}
p{margin:.5rem 0;max-width:46rem}
.kicker{color:var(--soft);font-size:.85rem;letter-spacing:.04em;margin:0}
.lead{font-size:1.1rem;overflow-wrap:anywhere}
.empty,footer,figcaption,caption,small,.note,.file{color:var(--soft)}
section{background:var(--card);border:1px solid var(--rule);border-radius:14px;padding:1.3rem 1.4rem;margin:1.1rem 0}
footer{font-size:.85rem;padding:0 .25rem}
.tiles{display:grid;grid-template-columns:repeat(4,minmax(0,1fr));gap:.8rem;margin:1.3rem 0 0}
.tiles>div{background:var(--card);border:1px solid var(--rule);border-radius:14px;padding:.8rem 1rem}
.tiles dt{font-size:.85rem;color:var(--soft);line-height:1.3}
.tiles dd{margin:0}
.tiles .value{font-size:1.75rem;font-weight:650;line-height:1.4;font-variant-numeric:tabular-nums}
.tiles .note{font-size:.85rem;line-height:1.3}
.scroll{overflow-x:auto;margin:.8rem 0;max-width:100%;
background:linear-gradient(to left,var(--card) 35%,transparent) right/3rem 100% no-repeat local,
linear-gradient(to left,var(--shade),transparent) right/1rem 100% no-repeat scroll}
.tall{max-height:36rem;overflow:auto}
.tall thead th,.tall thead td{position:sticky;top:0;background:var(--card);z-index:2}
.tall thead tr>:first-child{z-index:3}
.scroll:focus-visible,summary:focus-visible{outline:2px solid var(--blue);outline-offset:2px}
table{border-collapse:collapse;font-variant-numeric:tabular-nums;min-width:min(100%,30rem)}
caption{text-align:left;font-size:.85rem;padding:0 0 .4rem}
th,td{padding:.4rem .7rem;text-align:right;border-bottom:1px solid var(--rule);vertical-align:baseline}
th:first-child,td:first-child{text-align:left;padding-left:0}
thead th{font-weight:600;font-size:.85rem;color:var(--soft);vertical-align:bottom;line-height:1.3}
th{word-break:keep-all;overflow-wrap:break-word}
tbody th{font-weight:500;max-width:14rem}
tbody th,tfoot th,thead th:first-child{position:sticky;left:0;background:var(--card)}
tfoot th,tfoot td{font-weight:650;border-bottom:0}
td small{white-space:nowrap;margin-left:.25rem}
.facts{width:100%;min-width:0}.facts td{overflow-wrap:anywhere;max-width:18rem}
.matrix{min-width:0;border-collapse:separate;border-spacing:2px}
.matrix th,.matrix td{border:0;text-align:center;padding:.45rem .55rem;min-width:2.6rem}
.matrix tbody th,.matrix thead td{text-align:left;position:sticky;left:0;background:var(--card);
padding-left:0;z-index:1}
.matrix tbody td{border-radius:6px}
.matrix thead td{font-size:.8rem;color:var(--soft);white-space:nowrap}
.tight th,.tight td{padding:.15rem .25rem;min-width:1.7rem;font-size:.8rem}
.tight thead th span{writing-mode:vertical-rl;transform:rotate(180deg);max-height:9rem;overflow:hidden;
display:inline-block;white-space:nowrap;text-overflow:ellipsis}
.tight tbody th{max-width:9rem;white-space:nowrap;overflow:hidden;text-overflow:ellipsis}
.hit{background-color:rgba(var(--hit),calc(var(--heat)*var(--most)))}.miss{background-color:rgba(var(--miss),calc(var(--heat)*var(--most)))}
.zero{color:var(--soft)}
.tight tbody td{background-color:var(--track)}
.tight tbody td.hit{background-color:rgba(var(--hit),calc(var(--heat)*var(--most)))}
.tight tbody td.miss{background-color:rgba(var(--miss),calc(var(--heat)*var(--most)))}
figure{margin:.6rem 0;min-width:0}.narrow{max-width:28rem}
.beside{display:flex;flex-wrap:wrap;gap:.4rem 2.2rem;align-items:flex-start}
.beside>*{flex:1 1 17rem;min-width:0}.beside>.scroll{flex:0 1 auto;margin-bottom:0}
figcaption{font-size:.85rem}
.pair{display:grid;grid-template-columns:repeat(2,minmax(0,1fr));gap:.4rem 1.6rem;align-items:start}
.chart{display:block;width:100%;height:auto;overflow:visible}
.chart text{font-size:12px;fill:var(--soft)}
.chart .name{fill:var(--ink);paint-order:stroke;stroke:var(--card);stroke-width:4px}
.middle{text-anchor:middle}.end{text-anchor:end}
.grid{stroke:var(--rule)}.axis{stroke:var(--soft)}.ideal{stroke:var(--soft);stroke-dasharray:5 4}
.line{fill:none;stroke-width:2;stroke-linejoin:round;stroke-linecap:round}
.train{stroke:var(--blue)}.validation{stroke:var(--orange);stroke-dasharray:1 4.5;stroke-width:2.6}
.dot{fill:var(--blue);stroke:var(--card);stroke-width:1.5}.whisker{stroke:var(--blue);stroke-width:2;opacity:.55}
.bar{fill:var(--blue);opacity:.4}.band{fill:var(--blue);opacity:.3}
.keys{font-size:.85rem;margin:.4rem 0}
.key{margin-right:1.4rem}
.key::before{content:"";display:inline-block;width:1.6rem;border-top:3px solid var(--blue);margin-right:.45rem;
vertical-align:.25em}
.key.validation::before{border-top:3px dotted var(--orange)}
ul.warnings{list-style:none;padding:0;margin:.4rem 0}
ul.warnings li{background:var(--note);border-left:4px solid var(--orange);border-radius:6px;
padding:.55rem .9rem;margin:.5rem 0;overflow-wrap:anywhere}
.plain{padding-left:1.2rem;margin:.3rem 0;overflow-wrap:anywhere}
.gallery{list-style:none;padding:0;margin:1rem 0;display:grid;gap:.9rem;
grid-template-columns:repeat(auto-fill,minmax(8.2rem,1fr))}
.gallery li{min-width:0;font-size:.85rem;line-height:1.35;overflow-wrap:anywhere}
.gallery li>span{display:block}
.frame{background:var(--track);border-radius:8px;height:112px;margin-bottom:.4rem}
.gallery li>.frame{display:flex;align-items:center;justify-content:center}
.frame img{display:block;border-radius:3px;max-width:100%}
.label{font-weight:500}.score{font-variant-numeric:tabular-nums;color:var(--orange)}
.gallery .file{font-size:.75rem}
details{margin:.8rem 0 0}
summary{cursor:pointer;color:var(--blue);width:fit-content}
.paths{font-size:.8rem;padding-left:2.2rem;overflow-wrap:anywhere}
code{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono",monospace;
font-size:.92em;overflow-wrap:anywhere}
@media (max-width:44rem){main{padding:.75rem .6rem 2rem}section{padding:1.05rem .95rem;border-radius:12px}
.tiles{grid-template-columns:repeat(2,minmax(0,1fr));gap:.6rem}.pair{grid-template-columns:minmax(0,1fr)}
tbody th{min-width:5.5rem;max-width:8rem}
.chart text{font-size:14px}.tiles>div{padding:.7rem .8rem}.tiles .value{font-size:1.5rem}
th,td{padding:.4rem .5rem}}
@media print{body{background:#fff}.tall{max-height:none}section,.tiles>div{break-inside:avoid}}
"""
