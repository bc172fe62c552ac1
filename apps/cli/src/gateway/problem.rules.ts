/** RFC 9457, as the gateway answers: every fault of a document at once, in both languages. */
export interface Problem {
  readonly type?: string
  readonly title?: string
  readonly status?: number
  readonly detail?: string
  readonly code?: string
  readonly faults?: readonly { readonly code: string; readonly pointer: string; readonly zh: string; readonly en: string }[]
  readonly [extension: string]: unknown
}

export const isProblem = (value: unknown): value is Problem =>
  typeof value === 'object' && value !== null && ('title' in value || 'code' in value) && 'status' in value

/** Title, detail where it says more than the one fault, and for each fault its place. */
export function problemText(p: Problem): string {
  const head = [p.title ?? p.code ?? 'refused', p.status === undefined ? '' : `(HTTP ${p.status}${p.code ? `, ${p.code}` : ''})`].filter(Boolean).join(' ')
  const lines = (p.faults ?? []).map(f => `  · ${f.pointer || '/'}  ${f.zh}\n    ${f.en}`)
  return [head, ...(p.detail && p.detail !== p.title && lines.length !== 1 ? [`  ${p.detail}`] : []), ...lines].join('\n')
}
