import type { Subscription } from '../transport.js'
import { persist, type KafkaConnection } from './client.js'
import { Member, type MemberSettings } from './member.js'
import type { Topics } from './topics.js'
import { Watchdog } from './watchdog.js'

export interface SubscriptionSettings extends MemberSettings {
  /** A member that has work and does none for this long is replaced. */
  readonly stallMs: number
}

/** A place in a consumer group that is kept for as long as it is open, through as many memberships as it takes. */
export class KafkaSubscription implements Subscription {
  readonly #closing = new AbortController()
  #member: Member | undefined
  #living: Promise<void> = Promise.resolve()

  constructor(private readonly connection: KafkaConnection, private readonly topics: Topics, private readonly settings: SubscriptionSettings) {}

  /** Resolves with the first membership; rejects when closed before. */
  open(): Promise<void> {
    const opened = Promise.withResolvers<void>()
    this.#living = this.#live(opened.resolve).catch(opened.reject)
    return opened.promise
  }

  lag(): number {
    return this.#member ? Math.max(this.#member.lag, this.#member.taken) : 0
  }

  async close(): Promise<void> {
    this.#closing.abort()
    this.#member?.break('closed')
    await this.#living
  }

  /** Ends with an error when closed between two memberships. */
  async #live(opened: () => void): Promise<void> {
    const { group, topics, stallMs } = this.settings
    for (;;) {
      const member = await this.#join()
      opened()
      const watchdog = new Watchdog(member, stallMs, () => this.topics.waiting(group, topics))
      const why = await member.broken
      watchdog.stop()
      await member.leave()
      if (this.#closing.signal.aborted) return
      this.connection.logger.warn({ group, why }, 'a consumer is rebuilt')
    }
  }

  #join(): Promise<Member> {
    return persist(`join ${this.settings.group}`, this.#closing.signal, this.connection.logger, async () => {
      await this.topics.create()
      const member = this.#member = new Member(this.connection, this.settings)
      // closed before there was a member to break
      if (this.#closing.signal.aborted) member.break('closed')
      try {
        await member.join()
        return member
      } catch (error) {
        await member.leave()
        throw error
      }
    })
  }
}
