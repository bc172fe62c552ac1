/** The only source of "now" for code whose result depends on it; simulated in tests. */
export interface Clock { now(): Date }
export const systemClock: Clock = { now: () => new Date() }

/** A clock that a test moves by hand. */
export class ManualClock implements Clock {
  #atMs: number
  constructor(start: Date | string) { this.#atMs = new Date(start).getTime() }
  now(): Date { return new Date(this.#atMs) }
  advance(ms: number): void { this.#atMs += ms }
}

const shanghai = new Intl.DateTimeFormat('en-CA', { timeZone: 'Asia/Shanghai', year: 'numeric', month: '2-digit', day: '2-digit' })
/** The business day (YYYY-MM-DD) of an instant: Asia/Shanghai. */
export const businessDay = (at: Date): string => shanghai.format(at)
