import type { Envelope } from '#messaging'
import { verifyChains, type EvidenceRow } from '#security'

/** What a run left behind, for its checkers. */
export interface History {
  /** What was sent, in the order of each case. */
  readonly sent: readonly { readonly caseId: string; readonly text: string }[]
  /** What each case remembers. */
  readonly seen: ReadonlyMap<string, readonly string[]>
  /** What came out, as it came, repeats included. */
  readonly told: readonly Envelope[]
  readonly evidence: readonly EvidenceRow[]
}

/** Every rule that the history breaks: nothing lost, nothing twice in effect, order kept, all of it provable. */
export const check = (h: History): string[] => [...effects(h), ...outputs(h), ...proof(h)]

const byCase = (entries: Iterable<readonly [string, string]>): Map<string, string[]> => {
  const cases = new Map<string, string[]>()
  for (const [caseId, text] of entries) cases.set(caseId, [...cases.get(caseId) ?? [], text])
  return cases
}

function compare(what: string, expected: Map<string, string[]>, found: ReadonlyMap<string, readonly string[]>): string[] {
  const faults: string[] = []
  for (const caseId of new Set([...expected.keys(), ...found.keys()])) {
    const [want, have] = [expected.get(caseId) ?? [], found.get(caseId) ?? []]
    const lost = want.filter((text) => !have.includes(text))
    const twice = have.filter((text, i) => have.indexOf(text) !== i)
    const foreign = have.filter((text) => !want.includes(text))
    if (lost.length) faults.push(`${what} of ${caseId}: lost ${lost.join(' ')}`)
    if (twice.length) faults.push(`${what} of ${caseId}: twice ${twice.join(' ')}`)
    if (foreign.length) faults.push(`${what} of ${caseId}: never sent ${foreign.join(' ')}`)
    if (!lost.length && !twice.length && !foreign.length && want.join() !== have.join()) faults.push(`${what} of ${caseId}: out of order`)
  }
  return faults
}

const effects = ({ sent, seen }: History): string[] => compare('effect', byCase(sent.map(({ caseId, text }) => [caseId, text])), seen)

/** An output may come again, but as the same message and never before its turn. */
function outputs({ sent, told }: History): string[] {
  const first = new Map<string, readonly [string, string]>()
  for (const { key, headers, body } of told) {
    if (!first.has(headers.ce_id!)) first.set(headers.ce_id!, [key, (JSON.parse(body.toString()) as { text: string }).text])
  }
  return compare('output', byCase(sent.map(({ caseId, text }) => [caseId, text])), byCase(first.values()))
}

function proof({ sent, evidence }: History): string[] {
  const counted = evidence.filter(({ what }) => what === 'counted').length
  const flaws = verifyChains(evidence).flaws.map(({ chain, n, flaw }) => `evidence ${chain} ${n}: ${flaw}`)
  return counted === sent.length ? flaws : [...flaws, `evidence: ${counted} facts for ${sent.length} messages`]
}
