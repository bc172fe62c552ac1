import { appendFileSync } from 'node:fs'

/** One thing that clients or the killer did. */
export type Deed =
  | { readonly kind: 'sent'; readonly key: string; readonly caseId: string; readonly seq: number; readonly targets: readonly string[] }
  | { readonly kind: 'accepted'; readonly key: string; readonly exchangeId: string; readonly replayed: boolean }
  /** For good: nothing that another try would change. */
  | { readonly kind: 'refused'; readonly key: string; readonly status: number; readonly problem: string }
  | { readonly kind: 'killed'; readonly target: string; readonly wiped: boolean }
  | { readonly kind: 'recovered'; readonly target: string; readonly ms: number }

/** A deed and when it was done, milliseconds since the run began. */
export type HistoryEvent = Deed & { readonly atMs: number }

/** What happened, in order; also as JSON lines in a file, so that a run that ends badly can be read. */
export class History {
  readonly events: HistoryEvent[] = []
  readonly #startMs = Date.now()

  constructor(private readonly file?: string) {}

  add(deed: Deed): void {
    const event = { atMs: Date.now() - this.#startMs, ...deed }
    this.events.push(event)
    if (this.file !== undefined) appendFileSync(this.file, `${JSON.stringify(event)}\n`)
  }

  get accepted(): string[] { return [...new Set(this.events.flatMap(e => (e.kind === 'accepted' ? [e.exchangeId] : [])))] }
}
