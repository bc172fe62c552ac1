/** One measured value beside the one it is compared with, both of one run on one machine. */
export interface Figure {
  readonly id: string
  readonly value: number
  readonly unit: string
  readonly baselineId: string | null
  /** null: not measured in this run. */
  readonly baselineValue: number | null
  /** Ours ÷ baseline; null where the baseline was not measured. */
  readonly ratio: number | null
  readonly conditions: Readonly<Record<string, unknown>>
}

export const figure = (id: string, value: number, unit: string, baseline: { id: string; value: number | undefined } | undefined, conditions: Record<string, unknown> = {}): Figure => ({
  id, value, unit, baselineId: baseline?.id ?? null, baselineValue: baseline?.value ?? null,
  ratio: baseline?.value ? Number((value / baseline.value).toFixed(3)) : null, conditions,
})

/** For people: one row a figure; a baseline that was not measured says so. */
export function table(figures: readonly Figure[]): string {
  const rows = figures.map(f => [f.id, `${f.value} ${f.unit}`, f.baselineId ? `${f.baselineId}: ${f.baselineValue ?? 'not measured'}` : '', f.baselineId ? (f.ratio === null ? 'not measured' : `${(f.ratio * 100).toFixed(1)} %`) : ''])
  const all = [['figure', 'value', 'baseline', 'ratio'], ...rows]
  const widths = [0, 1, 2, 3].map(c => Math.max(...all.map(r => r[c]!.length)))
  return all.map(r => r.map((cell, c) => cell.padEnd(widths[c]!)).join('  ').trimEnd()).join('\n')
}
