export const TARGETS = ['gateway', 'medical-records', 'connector', 'province-simulator', 'postgresql', 'kafka'] as const
export type Target = (typeof TARGETS)[number]

export interface Strike {
  readonly target: Target
  /** The broker's data directory is removed with it. */
  readonly wipe: boolean
  /** Pause before it, milliseconds. */
  readonly afterMs: number
  /** False: it does not wait until the system has recovered from the strike before. */
  readonly recovered: boolean
}

const FIRST_MS = 1000
const LAST_MS = 4000
/** One strike in so many hits a system that still recovers. */
const HURRIED = 5

/** Services whose messages pile up in the broker when they are killed. */
const READERS: readonly Target[] = ['connector', 'medical-records']

/**
 * `kills` strikes on targets chosen at random, each target at least once when there are enough, and `wipes` more that take the broker's
 * data too. Where it can be, a wipe follows closely on the kill of a service: then the broker holds what nobody has read yet. The same
 * seed gives the same strikes.
 */
export function scheduleOf(seed: number, kills: number, wipes: number): Strike[] {
  const random = randomOf(seed)
  const afterMs = (): number => Math.round(FIRST_MS + random() * (LAST_MS - FIRST_MS))
  const once = shuffled(TARGETS, random).slice(0, kills)
  const others = Array.from({ length: kills - once.length }, () => TARGETS[Math.floor(random() * TARGETS.length)]!)
  const strikes = shuffled([...once, ...others], random).map((target, i): Strike => ({ target, wipe: false, afterMs: afterMs(), recovered: i === 0 || random() >= 1 / HURRIED }))
  const places = shuffled(strikes.flatMap(({ target }, i) => (READERS.includes(target) ? [i] : [])), random)
  return Array.from({ length: wipes }, (_, n) => places[n] ?? strikes.length - 1).sort((a, b) => b - a)
    .reduce((all, place) => all.toSpliced(place + 1, 0, { target: 'kafka', wipe: true, afterMs: afterMs(), recovered: false }), strikes)
}

/** Numbers in [0, 1) that follow from the seed (mulberry32). */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

function shuffled<T>(list: readonly T[], random: () => number): T[] {
  const result = [...list]
  for (let i = result.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [result[i], result[j]] = [result[j]!, result[i]!]
  }
  return result
}
