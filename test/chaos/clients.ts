import { setTimeout as pause } from 'node:timers/promises'
import { newId } from '#kernel'
import type { History } from './history.js'

export interface Sender {
  /** Base URL of the gateway. */
  readonly url: string
  /** Key of the participant that asks. */
  readonly key: string
  /** Its discovery request in its own dialect, and the provinces named there. */
  readonly document: Buffer
  readonly contentType: string
  readonly targets: readonly string[]
}

/** Milliseconds that one try may take; the gateway answers 202 within one commit. */
const PATIENCE_MS = 5000
const MESSAGES_OF_A_CASE = 5
/** One case in so many sends all its messages at once, so that they overtake each other. */
const AT_ONCE = 4

/** Senders as a careful one is: each numbers the messages of its case, repeats what it has no answer to, and waits for no result. */
export class Clients {
  #stopping = false
  #givenUp = false
  #running: Promise<unknown> = Promise.resolve()

  constructor(private readonly sender: Sender, private readonly history: History, private readonly random: () => number) {}

  /** Keeps `count` senders busy; each pauses about `pauseMs` between two messages. */
  start(count: number, pauseMs: number): void {
    this.#running = Promise.all(Array.from({ length: count }, async () => { while (!this.#stopping) await this.#case(pauseMs) }))
  }

  /** Resolves when everything that was begun is accepted or refused, or was given up after `ms`. */
  async stop(ms: number): Promise<void> {
    this.#stopping = true
    const timer = setTimeout(() => { this.#givenUp = true }, ms)
    await this.#running
    clearTimeout(timer)
  }

  /** One request until it is accepted; resolves with its exchange, or undefined when it is refused or given up. */
  async send(caseId: string, seq: number): Promise<string | undefined> {
    const key = newId()
    this.history.add({ kind: 'sent', key, caseId, seq, targets: this.sender.targets })
    while (!this.#givenUp) {
      const answer = await this.#post(key, caseId, seq)
      if (answer?.status === 202) {
        const exchangeId = answer.headers.get('location')!.split('/').at(-1)!
        this.history.add({ kind: 'accepted', key, exchangeId, replayed: answer.headers.get('idempotency-replayed') === 'true' })
        return exchangeId
      }
      if (answer && answer.status < 500 && answer.status !== 429) {
        const { code } = await answer.json() as { code?: string }
        this.history.add({ kind: 'refused', key, status: answer.status, problem: code ?? '' })
        return undefined
      }
      await pause(100 + this.random() * 400)
    }
    return undefined
  }

  async #case(pauseMs: number): Promise<void> {
    const caseId = newId()
    const messages = 1 + Math.floor(this.random() * MESSAGES_OF_A_CASE)
    const atOnce = this.random() < 1 / AT_ONCE
    const sent: Promise<unknown>[] = []
    for (let seq = 1; seq <= messages; seq++) {
      const one = this.send(caseId, seq)
      sent.push(one)
      if (!atOnce) { await one; await pause(this.random() * 2 * pauseMs) }
    }
    await Promise.all(sent)
  }

  /** Undefined when there was no answer. */
  async #post(key: string, caseId: string, seq: number): Promise<Response | undefined> {
    const { url, key: secret, contentType, document } = this.sender
    try {
      const answer = await fetch(`${url}/v1/exchanges/medical-records/discover`, {
        method: 'POST', body: new Uint8Array(document), signal: AbortSignal.timeout(PATIENCE_MS),
        headers: { authorization: `Bearer ${secret}`, 'content-type': contentType, 'tongqu-case': caseId, 'tongqu-sequence': String(seq), 'idempotency-key': key },
      })
      return new Response(await answer.arrayBuffer(), { status: answer.status, headers: answer.headers })
    } catch { return undefined }
  }
}
