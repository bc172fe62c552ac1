import { FAILURES, FAILURE_CODES } from '#kernel'
import { EXCHANGE_HEADERS } from '../exchanges/headers.rules.js'
import type { CatalogEntry, CatalogMessage } from './catalog.js'
import { DOCS_STYLE } from './docs-style.js'
import { fieldRows } from './field-rows.js'
import { PLATFORM_ROUTES } from './platform-routes.js'
import { sampleText } from './samples.js'

type Texts = { readonly zh: string; readonly en: string }

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
const escape = (text: unknown): string => String(text).replaceAll(/[&<>"]/g, c => ESCAPES[c]!)
const both = ({ zh, en }: Texts): string => `${escape(zh)} <span class="en">${escape(en)}</span>`
const code = (text: unknown): string => `<code>${escape(text)}</code>`
const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  `<div class="scroll"><table><thead><tr>${head.map(h => `<th>${h}</th>`).join('')}</tr></thead><tbody>${rows.map(r => `<tr>${r.map(c => `<td>${c}</td>`).join('')}</tr>`).join('')}</tbody></table></div>`

const ROLES: Readonly<Record<CatalogMessage['role'], Texts>> = {
  request: { zh: '请求', en: 'request' }, answer: { zh: '各省应答', en: 'answer of a province' }, result: { zh: '汇总应答', en: 'result for the asker' },
}

/** The readable page: one self-contained HTML document, Chinese first, English second, derived from the definitions. */
export function docsPage(entries: readonly CatalogEntry[]): string {
  const sections = [...entries.map(exchangeSection), headersSection(), routesSection(), failuresSection()]
  const links = [...entries.map(e => `<a href="#${e.exchange}">${escape(e.title.zh)}<small>${escape(e.title.en)}</small></a>`),
    '<a href="#headers">请求头<small>Headers</small></a>', '<a href="#routes">其他接口<small>Other routes</small></a>', '<a href="#failures">失败代码<small>Failure codes</small></a>']
  return `<!doctype html>
<html lang="zh-CN">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>通衢 Tongqu · 接口文档</title><style>${DOCS_STYLE}</style></head>
<body>
<nav><h1>通衢 <span>Tongqu</span></h1>${links.join('')}<a href="/openapi.json">OpenAPI 3.1<small>/openapi.json</small></a><a href="/v1/catalog">目录<small>/v1/catalog</small></a></nav>
<main>${introduction()}${sections.join('\n')}</main>
</body></html>`
}

const introduction = (): string => `<section>
<h2>以本省方言，与他省互通 <span class="en">Speak your own dialect, exchange with every province</span></h2>
<p>以本省的报文格式发出请求，平台译为标准模式，送达目标省，并把应答译回本省格式。<br><span class="en">Send a request in your province’s own format. The gateway translates it to the canonical form, asks the target provinces in theirs, and translates the reply back.</span></p>
<pre>curl -X POST ${escape('http://127.0.0.1:8080')}/v1/exchanges/medical-records/discover \\
  -H 'Authorization: Bearer tq_…' -H 'Content-Type: application/xml; charset=utf-8' \\
  -H 'Prefer: wait=10' -H 'Idempotency-Key: 2026-000123' --data-binary @request.xml</pre>
${table(['应答 Answer', '含义 Meaning'], [
    [code('200'), both({ zh: '应答已到，译为请求方方言；Tongqu-Partial: true 表示有省份未答复。', en: 'The reply, in the sender’s dialect; Tongqu-Partial: true says that a province is missing.' })],
    [code('202'), both({ zh: '已受理；Location 为交换地址。', en: 'Accepted; Location is the exchange.' })],
    [`${code('4xx')} ${code('5xx')}`, both({ zh: 'application/problem+json，一次列出全部问题及其在原报文中的位置。', en: 'application/problem+json, all faults at once with their places in your own document.' })],
  ])}
<p>格式由 <code>Accept</code> 选择：本省方言（缺省）、<code>application/fhir+json</code>（FHIR R4）、<code>application/tongqu+json</code>（标准模式）。<br><span class="en">Accept chooses the format of the reply: the own dialect (default), FHIR R4, or the canonical form.</span></p>
</section>`

function exchangeSection(e: CatalogEntry): string {
  return `<section id="${escape(e.exchange)}">
<h2>${both(e.title)}</h2><p>${both(e.summary)}</p>
<p class="route"><b>POST</b> ${code(e.route)}</p>
${table(['项目 Item', '取值 Value'], [
    ['使用目的 <span class="en">Purposes</span>', e.purposes.map(code).join(' ')],
    ['目标省 <span class="en">Targets</span>', both(e.targets === 'sender' ? { zh: '由发起方指定', en: 'named by the sender' } : { zh: '由业务确定，可缩小', en: 'known to the case; may be narrowed' })],
    ['时限 <span class="en">Deadline</span>', `${e.deadlineMs / 1000} s · 各省 <span class="en">each province</span> ${e.targetDeadlineMs / 1000} s`],
    ['敏感程度 <span class="en">Sensitivity</span>', code(e.sensitivity)],
  ])}
${e.messages.map(messageBlock).join('\n')}
</section>`
}

function messageBlock(m: CatalogMessage): string {
  const samples = m.dialects.filter(d => d.sample).map(d => `<details><summary>${both(d.provinceName)} · ${code(d.contentType)} <small>${escape(d.sample!.file)}</small></summary>${headersText(d.sample!.headers)}<pre>${escape(sampleText(d.sample!, d.contentType))}</pre></details>`)
  return `<h3>${both(ROLES[m.role])} · ${both(m.title)} ${code(`${m.name}@${m.version}`)}</h3>
${table(['省 Province', '内容类型 Content type', '映射 Mapping'], m.dialects.map(d => [`${both(d.provinceName)} ${code(d.province)}`, code(d.contentType), code(d.mapping)]))}
<details><summary>标准模式 <span class="en">Canonical form</span> <a href="/v1/schemas/${escape(m.name)}">JSON Schema</a></summary>${table(['字段 Field', '类型 Type', '必填 Required', '说明 Meaning'], fieldRows(m.schema).map(f => [code(f.path), escape(f.type), f.required ? '●' : '', escape(f.description)]))}</details>
${samples.join('\n')}`
}

const headersText = (headers: Readonly<Record<string, string>> | undefined): string => (headers ? `<pre>${Object.entries(headers).map(([name, value]) => `${escape(name)}: ${escape(value)}`).join('\n')}</pre>` : '')

const headersSection = (): string => `<section id="headers"><h2>请求头 <span class="en">Headers</span></h2>
<p>报文本身不能承载的内容由请求头传送；二者不一致时拒绝。<br><span class="en">They carry what the body of a dialect cannot; a header that contradicts the body is refused.</span></p>
${table(['请求头 Header', '形式 Form', '标准模式位置 Canonical place', '说明 Meaning'], EXCHANGE_HEADERS.map(h => [code(h.name), code(h.form), 'carries' in h ? code(h.carries) : '', both(h)]))}</section>`

const routesSection = (): string => `<section id="routes"><h2>其他接口 <span class="en">Other routes</span></h2>
${table(['接口 Route', '说明 Meaning', ''], PLATFORM_ROUTES.map(r => [`<b>${r.method.toUpperCase()}</b> ${code(r.path)}`, both(r), r.tag === 'operators' ? '运营方 <span class="en">operators</span>' : r.open ? '公开 <span class="en">open</span>' : '']))}</section>`

const failuresSection = (): string => `<section id="failures"><h2>失败代码 <span class="en">Failure codes</span></h2>
${table(['代码 Code', 'HTTP', '含义 Meaning', '处理 What to do'], FAILURE_CODES.map(c => {
    const f = FAILURES[c]
    return [`<a id="${c}"></a>${code(c)}`, String(f.status), both(f), both({ zh: f.todoZh, en: f.todoEn })]
  }))}</section>`
