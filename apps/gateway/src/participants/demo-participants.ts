import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Provinces } from '#provinces'
import { ANY, type Participant, type ParticipantRegistry } from '#security'
import { OPERATOR } from './first-operator.js'

export interface DemoKey {
  readonly participant: string
  readonly role: Participant['role']
  readonly province: string | null
  readonly key: string
}

/** `demo-keys.json`; the command line finds address and keys in it. */
export interface DemoKeys {
  readonly url: string
  /** Base URL of each province's pretend system, by code. */
  readonly provinces: Readonly<Record<string, string>>
  readonly keys: readonly DemoKey[]
}

/**
 * Participants of the embedded mode: those that the provinces' profiles name, and an operator. Askers may ask everything of everybody;
 * holders have no right. Keys of an earlier start are kept while they are valid. The file is readable by its owner alone.
 */
export async function demoParticipants(registry: ParticipantRegistry, provinces: Provinces, file: string, url: string, provinceUrl: (code: string) => string | undefined): Promise<DemoKeys> {
  const known = new Set((await registry.list()).map(p => p.id))
  const before = await keysOf(file)
  const keys: DemoKey[] = []
  for (const participant of all(provinces)) {
    if (!known.has(participant.id)) {
      await registry.register(participant)
      if (participant.role === 'asker' || participant.role === 'both') await registry.setRights(participant.id, [{ exchange: ANY, province: ANY, purposes: [ANY] }])
    }
    const kept = before.find(k => k.participant === participant.id)?.key
    const key = kept !== undefined && await isValid(registry, kept) ? kept : (await registry.issueKey(participant.id)).key
    keys.push({ participant: participant.id, role: participant.role, province: participant.province, key })
  }
  const pretend = provinces.all.flatMap(({ profile: { code } }) => { const at = provinceUrl(code); return at === undefined ? [] : [[code, at] as const] })
  const written: DemoKeys = { url, provinces: Object.fromEntries(pretend), keys }
  await mkdir(dirname(file), { recursive: true })
  // mode applies to a new file alone, and a reader must never see half of one
  const draft = `${file}.${process.pid}`
  await writeFile(draft, `${JSON.stringify(written, null, 2)}\n`, { mode: 0o600 })
  await rename(draft, file)
  return written
}

/** Two profiles may name the same participant (a copied folder): the first counts. */
function all(provinces: Provinces): Participant[] {
  const named = provinces.all.flatMap(({ profile }) => profile.participants.map((p): Participant => ({
    id: p.id, nameZh: p.name.zh, nameEn: p.name.en, province: profile.code, organizationCode: p.organizationCode, role: p.role, active: true,
  })))
  return [...new Map([...named, OPERATOR].reverse().map(p => [p.id, p])).values()].reverse()
}

async function keysOf(file: string): Promise<readonly DemoKey[]> {
  try { return (JSON.parse(await readFile(file, 'utf8')) as DemoKeys).keys } catch { return [] }
}

async function isValid(registry: ParticipantRegistry, key: string): Promise<boolean> {
  try { return Boolean(await registry.authenticator.authenticate(`Bearer ${key}`)) } catch { return false }
}
