/**
 * Circuit breaker of one province, as a pure transition table:
 *
 * | state | a call wants to go | a call went well | a call failed |
 * | --- | --- | --- | --- |
 * | closed | goes | failures = 0 | failures + 1; at the limit: open |
 * | open | waits until `until`, then half-open | nothing | nothing |
 * | half-open | the first goes as the probe, the others wait for it | probe: closed | probe: open |
 *
 * A call that ended without telling (given up, shut down) changes nothing, but frees the probe's place. Instants are epoch milliseconds.
 */
export type BreakerState =
  | { readonly kind: 'closed'; readonly failures: number }
  | { readonly kind: 'open'; readonly until: number }
  | { readonly kind: 'half-open'; readonly probing: boolean }

/** Opens after `failures` in a row, tries again after `openMs`. */
export interface BreakerLimits { readonly failures: number; readonly openMs: number }

/** Handed to a call that may go, and handed back with how it went. */
export interface Pass { readonly probe: boolean }
export type Health = 'well' | 'failed' | 'untold'

export const CLOSED: BreakerState = { kind: 'closed', failures: 0 }

/** May a call go now? Else `retryAt`: when to ask again; absent: when the probe has ended. */
export function admit(state: BreakerState, now: number): { readonly state: BreakerState; readonly pass?: Pass; readonly retryAt?: number } {
  switch (state.kind) {
    case 'closed': return { state, pass: { probe: false } }
    case 'open': return now < state.until ? { state, retryAt: state.until } : { state: { kind: 'half-open', probing: true }, pass: { probe: true } }
    case 'half-open': return state.probing ? { state } : { state: { kind: 'half-open', probing: true }, pass: { probe: true } }
  }
}

/** What a call that has ended makes of the state. */
export function settle(state: BreakerState, pass: Pass, health: Health, now: number, limits: BreakerLimits): BreakerState {
  const opened: BreakerState = { kind: 'open', until: now + limits.openMs }
  if (state.kind === 'half-open' && pass.probe) return health === 'well' ? CLOSED : health === 'failed' ? opened : { kind: 'half-open', probing: false }
  // calls that began before the breaker opened say nothing about now
  if (state.kind !== 'closed' || health === 'untold') return state
  if (health === 'well') return state.failures ? CLOSED : state
  return state.failures + 1 >= limits.failures ? opened : { kind: 'closed', failures: state.failures + 1 }
}
