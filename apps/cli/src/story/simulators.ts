import { unusable } from '../command-failure.js'

/** How a pretend system misbehaves, as far as the story has it misbehave. */
export interface Switches {
  /** The answer takes so much longer, milliseconds. */
  readonly slowMs?: number
  readonly down?: 'refuse' | 'unavailable'
  /** The answer of a system in trouble, in its own words. */
  readonly fault?: true
}

/** The pretend provincial systems of the embedded mode. */
export class Simulators {
  /** @param urls base URL by province code */
  constructor(private readonly urls: Readonly<Record<string, string>>) {}

  /** Makes one province behave so until the work is done, then well. */
  async while<T>(province: string, switches: Switches, work: () => Promise<T>): Promise<T> {
    await this.#call('PUT', province, '/_switches', switches)
    try { return await work() } finally { await this.#call('DELETE', province, '/_switches') }
  }

  /** Native bytes that answer a request of this exchange which names all keys. Not kept over a restart. */
  async load(province: string, id: string, exchange: string, keys: readonly string[], bytes: Buffer): Promise<void> {
    await this.#call('PUT', province, `/_documents/${encodeURIComponent(id)}`, { exchange, keys, base64: bytes.toString('base64') })
  }

  async #call(method: 'PUT' | 'DELETE', province: string, path: string, body?: object): Promise<void> {
    const url = this.urls[province]
    if (url === undefined) throw unusable(`The address of ${province}’s pretend system is not known.`, WAY_OUT)
    const response = await fetch(url + path, { method, body: body && JSON.stringify(body), signal: AbortSignal.timeout(10_000) }).catch((error: unknown) => {
      throw unusable(`The pretend system at ${url} cannot be reached.`, WAY_OUT, error)
    })
    if (!response.ok) throw unusable(`${url}${path} answered HTTP ${response.status}: ${(await response.text()).slice(0, 200)}`)
  }
}

const WAY_OUT = 'Pretend systems run with the embedded system (`npm start`), which tells their addresses in .tongqu/demo-keys.json.'
