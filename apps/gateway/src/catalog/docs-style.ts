/** Style of the docs page; it loads nothing from anywhere. */
export const DOCS_STYLE = `
:root{color-scheme:light dark;--ink:#1d2433;--soft:#68718a;--line:#e3e7ef;--paper:#fff;--wash:#f6f8fb;--accent:#1a5fb4}
@media (prefers-color-scheme:dark){:root{--ink:#e6e9f0;--soft:#97a0b8;--line:#2c3344;--paper:#151922;--wash:#1c2230;--accent:#78aeed}}
*{box-sizing:border-box}
body{margin:0;display:grid;grid-template-columns:15rem minmax(0,1fr);color:var(--ink);background:var(--paper);font:15px/1.65 system-ui,"PingFang SC","Microsoft YaHei","Noto Sans CJK SC",sans-serif}
nav{position:sticky;top:0;height:100vh;overflow:auto;padding:1.5rem 1rem;background:var(--wash);border-right:1px solid var(--line)}
nav h1{font-size:1.3rem;margin:0 0 1rem .6rem}nav h1 span{color:var(--soft);font-weight:400;font-size:1rem}
nav a{display:block;padding:.35rem .6rem;border-radius:.4rem;color:inherit;text-decoration:none}nav a:hover{background:var(--line)}
nav small{display:block;color:var(--soft);font-size:.78rem;line-height:1.2}
main{padding:1rem 2.5rem 5rem;max-width:68rem}
section{padding:1.5rem 0;border-bottom:1px solid var(--line);scroll-margin-top:1rem}
h2{font-size:1.35rem;margin:.2rem 0 .6rem}h3{font-size:1.02rem;margin:1.6rem 0 .4rem}
.en{color:var(--soft);font-weight:400;font-size:.92em}
a{color:var(--accent)}
code,pre{font-family:ui-monospace,"SFMono-Regular",Menlo,Consolas,monospace;font-size:.86em}
code{background:var(--wash);border:1px solid var(--line);border-radius:.3rem;padding:.05em .35em;overflow-wrap:anywhere}
pre{background:var(--wash);border:1px solid var(--line);border-radius:.5rem;padding:.9rem 1rem;overflow:auto;max-height:28rem;line-height:1.5}
.route{font-size:1.05rem}.route b{color:var(--accent)}
.scroll{overflow-x:auto;margin:.6rem 0}
table{border-collapse:collapse;width:100%}
th,td{text-align:left;vertical-align:top;padding:.4rem .7rem;border-bottom:1px solid var(--line)}
th{font-weight:600;font-size:.86rem;color:var(--soft);white-space:nowrap}
details{margin:.4rem 0;border:1px solid var(--line);border-radius:.5rem;padding:.4rem .8rem}summary{cursor:pointer}summary small{color:var(--soft)}
:target{background:color-mix(in srgb,var(--accent) 14%,transparent)}
@media (max-width:50rem){body{display:block}nav{position:static;height:auto}main{padding:1rem}}
`
