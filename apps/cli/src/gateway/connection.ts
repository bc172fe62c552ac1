import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { unusable } from '../command-failure.js'

/** What every command that speaks to a gateway may be told; `--url` and `--key` also come from TONGQU_URL and TONGQU_KEY. */
export interface ConnectionOptions {
  readonly url?: string
  readonly key?: string
  /** Participant whose demo key is used. */
  readonly as?: string
  readonly dataDir?: string
}

/** `demo-keys.json`, written by the embedded start; demo keys exist in no other mode. */
export interface DemoKeys {
  readonly url: string
  /** Base URL of each province’s pretend system, by code. */
  readonly provinces?: Readonly<Record<string, string>>
  readonly keys: readonly { readonly participant: string; readonly role: string; readonly province: string | null; readonly key: string }[]
}

export interface Connection {
  readonly url: string
  readonly key: string
  /** Who speaks, where known: only demo keys tell. */
  readonly participant?: string
}

/** The folder with the project's package.json, from source and from the build alike. */
export const projectFolder: string = (() => {
  for (let folder = import.meta.dirname; ; folder = dirname(folder)) if (existsSync(join(folder, 'package.json'))) return folder
})()

export const demoKeysFile = (o: ConnectionOptions): string => join(resolve(o.dataDir ?? join(projectFolder, '.tongqu')), 'demo-keys.json')

export function readDemoKeys(o: ConnectionOptions): DemoKeys | undefined {
  const file = demoKeysFile(o)
  if (!existsSync(file)) return undefined
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as DemoKeys
  } catch (error) {
    throw unusable(`${file} cannot be read: ${(error as Error).message}`, 'Start the system again (`npm start`): it writes the file anew.', error)
  }
}

/** The gateway's address: told, from the demo file, or the default port. */
export const gatewayUrl = (o: ConnectionOptions, demo = readDemoKeys(o)): string => (o.url ?? demo?.url ?? 'http://127.0.0.1:8080').replace(/\/+$/, '')

/** @param wants `operator`, or the participant id whose demo key stands in when no key was given. */
export function connectionOf(o: ConnectionOptions, wants: 'operator' | { readonly participant?: string }): Connection {
  const demo = readDemoKeys(o)
  const url = gatewayUrl(o, demo)
  if (o.key) return { url, key: o.key }
  const keys = demo?.keys ?? []
  if (wants === 'operator') {
    const found = o.as === undefined ? keys.find(k => k.role === 'operator') : keys.find(k => k.participant === o.as)
    if (found) return { url, key: found.key, participant: found.participant }
    throw unusable('This command needs an operator’s key.', 'Give --key (or TONGQU_KEY), or start the embedded system (`npm start`), whose demo keys are found by themselves.')
  }
  const id = o.as ?? wants.participant
  const found = keys.find(k => k.participant === id)
  if (found) return { url, key: found.key, participant: found.participant }
  const known = keys.filter(k => k.role !== 'operator').map(k => k.participant)
  if (!known.length) throw unusable('This command needs a participant’s key.', 'Give --key (or TONGQU_KEY), or start the embedded system (`npm start`), whose demo keys are found by themselves.')
  throw unusable(id === undefined ? 'Who sends? Neither --key nor --as is given.' : `There is no demo key of ${id}.`, `Demo participants here: ${known.join(', ')}. For example: --as ${known[0]}`)
}
