import type { Step } from '#messaging'
import { clip, duration, pad, padStart } from '../terminal/layout.rules.js'

/** What `GET /v1/exchanges/{id}` tells of a journey, as far as the timeline reads it. Times are ISO 8601 UTC. */
export interface Journey {
  readonly id: string
  readonly exchange: string
  readonly participantId?: string
  readonly province?: string
  readonly caseId?: string
  readonly state: string
  readonly partial?: boolean
  readonly targets?: readonly string[]
  readonly purpose?: string
  readonly receivedAt: string
  readonly finishedAt?: string
  readonly attempt?: number
  readonly versions?: Readonly<Record<string, string>>
  readonly steps: readonly Step[]
  readonly faults?: readonly { readonly code: string; readonly pointer: string; readonly zh: string; readonly en: string }[]
}

export interface TimelineRow extends Step {
  /** Milliseconds from the arrival of the request to the end of the step. */
  readonly endMs: number
  /** Share of the whole journey, 0 … 1. */
  readonly from: number
  readonly to: number
  /** A step that took at least a third of the journey. */
  readonly long: boolean
}

/** Steps in the order in which they ended, placed on the journey's own scale. */
export function timelineRows(journey: Journey): TimelineRow[] {
  const start = Date.parse(journey.receivedAt)
  const ends = journey.steps.map(s => Date.parse(s.at) - start)
  const total = Math.max(1, journey.finishedAt ? Date.parse(journey.finishedAt) - start : 0, ...ends)
  return journey.steps
    .map((step, i) => {
      const endMs = ends[i]!
      const share = (ms: number) => Math.min(1, Math.max(0, ms / total))
      return { ...step, endMs, from: share(endMs - step.ms), to: share(endMs), long: step.ms * 3 >= total && step.ms >= 50 }
    })
    .sort((a, b) => a.endMs - b.endMs)
}

export const journeyMs = (journey: Journey): number =>
  Math.max(0, ...[journey.finishedAt, ...journey.steps.map(s => s.at)].filter(at => at !== undefined).map(at => Date.parse(at) - Date.parse(journey.receivedAt)))

/** `····▇▇▇▇····`: when the step ran, at least one cell wide. */
export function bar(row: Pick<TimelineRow, 'from' | 'to'>, cells: number): string {
  const last = Math.max(1, Math.min(cells, Math.round(row.to * cells)))
  const first = Math.min(last - 1, Math.max(0, Math.round(row.from * cells)))
  return '·'.repeat(first) + '▇'.repeat(last - first) + '·'.repeat(cells - last)
}

/** Colours that the caller lends; each gets plain text and gives it back coloured. */
export interface TimelinePaint {
  readonly by: (text: string, n: number) => string
  readonly quiet: (text: string) => string
  readonly strong: (text: string) => string
  readonly warn: (text: string) => string
}

export function timelineLines(journey: Journey, paint: TimelinePaint, cells = 24): string[] {
  const rows = timelineRows(journey)
  const parts = [...new Set(rows.map(r => r.by))]
  const byWidth = Math.max(4, ...parts.map(p => p.length))
  const whatWidth = Math.min(44, Math.max(4, ...rows.map(r => described(r).length)))
  return rows.map(row => {
    const n = parts.indexOf(row.by)
    const versions = Object.entries(row.versions ?? {}).map(([what, version]) => `${what} ${version}`).join(' · ')
    const took = padStart(duration(row.ms), 9)
    return [
      paint.quiet(padStart(`+${duration(row.endMs)}`, 10)), paint.by(bar(row, cells), n), paint.by(pad(row.by, byWidth), n), pad(clip(described(row), whatWidth), whatWidth),
      row.long ? paint.warn(took) : took, ...(row.note ? [paint.strong(row.note)] : []), ...(versions ? [paint.quiet(versions)] : []),
    ].join('  ')
  })
}

const described = (row: Step): string => (row.about ? `${row.what} → ${row.about}` : row.what)
