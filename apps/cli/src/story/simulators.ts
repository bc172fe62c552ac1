import { unusable } from '../command-failure.js'

/** How a pretend system misbehaves, as far as the story has it misbehave. */
export interface Switches {
  /** The answer takes so much longer, milliseconds. */
  readonly slowMs?: number
  readonly down?: 'refuse' | 'unavailable'
  /** The answer of a system in trouble, in its own words. */
  readonly fault?: true
}

/** The pretend provincial systems of the embedded mode, at `<url>/<province code>`. */
export class Simulators {
  constructor(private readonly url: string) {}

  /** Makes one province behave so until the work is done, then well. */
  async while<T>(province: string, switches: Switches, work: () => Promise<T>): Promise<T> {
    await this.#call('PUT', `/${province}/_switches`, switches)
    try { return await work() } finally { await this.#call('DELETE', `/${province}/_switches`) }
  }

  /** Native bytes that answer a request of this exchange which names all keys. Not kept over a restart. */
  async load(province: string, id: string, exchange: string, keys: readonly string[], bytes: Buffer): Promise<void> {
    await this.#call('PUT', `/${province}/_documents/${encodeURIComponent(id)}`, { exchange, keys, base64: bytes.toString('base64') })
  }

  async #call(method: 'PUT' | 'DELETE', path: string, body?: object): Promise<void> {
    const response = await fetch(this.url + path, { method, body: body && JSON.stringify(body), signal: AbortSignal.timeout(10_000) }).catch((error: unknown) => {
      throw unusable(`The pretend provinces at ${this.url} cannot be reached.`, 'They run with the embedded system (`npm start`). Another address: --simulators.', error)
    })
    if (!response.ok) throw unusable(`${this.url}${path} answered HTTP ${response.status}: ${(await response.text()).slice(0, 200)}`)
  }
}
