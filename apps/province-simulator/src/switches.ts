/** How a pretend system misbehaves. Changed at run time by `PUT /<code>/_switches` with the members to change. */
export interface Switches {
  /** The answer takes so much longer; meanwhile the status question is answered 202. */
  readonly slowMs: number
  /** `refuse`: every connection is cut; `unavailable`: 503. Nothing takes effect. */
  readonly down: false | 'refuse' | 'unavailable'
  /** Share of requests (0 to 1) that are answered 503 before they take effect. */
  readonly rejectRate: number
  /** Share of requests (0 to 1) that take effect, and whose connection is then cut instead of an answer. */
  readonly dropRate: number
  /** `other-patient`: the file of somebody else; `malformed`: half of the right file. */
  readonly wrongAnswer: false | 'other-patient' | 'malformed'
  /** The answer of a system in trouble, in its own words. */
  readonly fault: boolean
  /** Takes effect at once and answers half a second after `Tongqu-Deadline`. */
  readonly answerAfterDeadline: boolean
  /** After the answer, the same answer once more through `POST <gatewayUrl>/v1/inbox/<id>/answer`. */
  readonly duplicateAnswer: false | { readonly gatewayUrl: string; readonly apiKey: string }
  /** A system that does not know our ids again: every delivery takes effect, and no status question is answered with anything but 404. */
  readonly forgetsIds: boolean
}

export const WELL_BEHAVED: Switches = {
  slowMs: 0, down: false, rejectRate: 0, dropRate: 0, wrongAnswer: false, fault: false, answerAfterDeadline: false, duplicateAnswer: false, forgetsIds: false,
}

const share = (v: unknown): boolean => typeof v === 'number' && v >= 0 && v <= 1
const flag = (v: unknown): boolean => typeof v === 'boolean'
const RULES: { readonly [K in keyof Switches]: { readonly allows: (v: unknown) => boolean; readonly text: string } } = {
  slowMs: { allows: v => Number.isSafeInteger(v) && (v as number) >= 0, text: 'milliseconds, 0 or more' },
  down: { allows: v => v === false || v === 'refuse' || v === 'unavailable', text: 'false, "refuse" or "unavailable"' },
  rejectRate: { allows: share, text: '0 to 1' },
  dropRate: { allows: share, text: '0 to 1' },
  wrongAnswer: { allows: v => v === false || v === 'other-patient' || v === 'malformed', text: 'false, "other-patient" or "malformed"' },
  fault: { allows: flag, text: 'true or false' },
  answerAfterDeadline: { allows: flag, text: 'true or false' },
  duplicateAnswer: { allows: v => v === false || (typeof v === 'object' && v !== null && typeof (v as { apiKey?: unknown }).apiKey === 'string' && /^https?:/.test(String((v as { gatewayUrl?: unknown }).gatewayUrl))), text: 'false or {gatewayUrl, apiKey}' },
  forgetsIds: { allows: flag, text: 'true or false' },
}

/** The switches after a change, or what is wrong with the change, member by member. */
export function changeSwitches(before: Switches, change: unknown): Switches | { readonly faults: readonly string[] } {
  if (typeof change !== 'object' || change === null || Array.isArray(change)) return { faults: ['an object is expected'] }
  const faults = Object.entries(change).flatMap(([name, value]) => {
    const rule = RULES[name as keyof Switches] as typeof RULES.slowMs | undefined
    return rule === undefined ? [`${name}: no such switch; there are ${Object.keys(RULES).join(', ')}`] : rule.allows(value) ? [] : [`${name}: ${rule.text}`]
  })
  return faults.length ? { faults } : { ...before, ...change }
}
