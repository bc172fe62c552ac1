import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { Kafka, logLevel, type LogEntry } from 'kafkajs'
import type { Logger } from '#observability'
import { pauseMs, transportClosed } from '../limits.js'

export interface KafkaConnection {
  readonly brokers: readonly string[]
  /** Appears in the broker's logs and in the names of group members. */
  readonly clientId: string
  readonly logger: Logger
}

/** Few and short: what takes longer is tried anew by ourselves, with a fresh client, for as long as the transport is open. */
export const RETRY = { retries: 3, initialRetryTime: 50, maxRetryTime: 500 } as const

/**
 * A kafkajs client of its own, so that `onDisconnect` tells about its connections alone. kafkajs recovers from a lost connection
 * silently and sometimes not at all, so callers want to know and rebuild.
 */
export function kafkaClient({ brokers, clientId, logger }: KafkaConnection, onDisconnect: () => void = () => {}): Kafka {
  return new Kafka({
    clientId,
    brokers: [...brokers],
    connectionTimeout: 3000,
    requestTimeout: 10_000,
    retry: RETRY,
    logLevel: logLevel.WARN,
    // kafkajs's own lines are details of what we log ourselves; its extras may hold message content, so only the sentence is kept
    logCreator: () => ({ namespace, log }: LogEntry) => { logger.debug({ kafkajs: namespace }, log.message) },
    socketFactory: ({ host, port, onConnect }) => {
      let connected = false
      const socket = connect({ host, port }, () => { connected = true; onConnect() })
      socket.setNoDelay(true)
      socket.setKeepAlive(true, 60_000)
      socket.once('close', () => { if (connected) onDisconnect() })
      return socket
    },
  })
}

/** Races `work` against the clock: a client whose broker is gone may wait for it for ever when asked to leave. */
export async function atMost(ms: number, work: Promise<unknown>): Promise<void> {
  const timeout = Promise.withResolvers<void>()
  const timer = setTimeout(timeout.resolve, ms)
  await Promise.race([work.then(() => {}, () => {}), timeout.promise])
  clearTimeout(timer)
}

export const reason = (error: unknown): string => error instanceof Error ? error.message : String(error)

/** Tries until it works or `closing` is aborted: a broker that is away is waited for. Logs the first failure and the recovery. */
export async function persist<T>(what: string, closing: AbortSignal, logger: Logger, action: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      const result = await action()
      if (attempt > 1) logger.info({ what, attempts: attempt }, 'the broker answers again')
      return result
    } catch (error) {
      if (attempt === 1) logger.warn({ what, reason: reason(error) }, 'the broker does not do what it is asked; trying again')
      await sleep(pauseMs(attempt, 100, 1000), undefined, { signal: closing }).catch(() => {})
      if (closing.aborted) throw transportClosed(error)
    }
  }
}
