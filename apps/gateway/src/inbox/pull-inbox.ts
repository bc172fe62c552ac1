import { childId, Failure, fault, type Clock } from '#kernel'
import { readAny, type Mapping } from '#mapping'
import { toEnvelope, type AnswerBody, type DeliverBody, type Envelope, type Message } from '#messaging'
import type { Province, Provinces } from '#provinces'
import { exchange, messageTypes, topics } from '#schemas'
import { sha256Hex } from '#security'
import { isOf, mediaType } from '../http/media-type.rules.js'
import type { InboxAnswer, InboxItem, InboxStore } from './inbox-store.js'

/**
 * Serves provinces that accept no inbound connection: takes deliveries out of messages, translates them out, hands them over when the
 * province fetches them, translates its answers in and sends them on as the connector does for the others.
 */
export class PullInbox {
  readonly #waiters = new Map<string, Set<() => void>>()

  /** @param emit sends answers on; the stored answer is their outbox, a repeated delivery sends them again. */
  constructor(private readonly store: InboxStore, private readonly provinces: Provinces, private readonly clock: Clock, private readonly emit: (answers: readonly Envelope[]) => void) {}

  /**
   * Takes a `<exchange>.deliver` message into the inbox. Returns what can be answered at once: the known answer when the delivery is
   * repeated, or why it cannot be delivered. Never throws for the message's content.
   */
  async receive(message: Message): Promise<readonly Envelope[]> {
    const body = JSON.parse(message.body.toString()) as DeliverBody
    const { body: _, ...delivery } = message
    const known = await this.store.get(message.id)
    if (known) return known.answer ? [answerOf(known.delivery, known.exchange, known.answer)] : []
    const now = this.clock.now()
    const document = this.#translate(body)
    if (document instanceof Failure) {
      return [answerOf(delivery, body.exchange, { body: { province: body.province, status: 'unavailable', faults: document.faults }, answeredAt: now })]
    }
    await this.store.add({
      id: message.id, province: body.province, exchange: body.exchange, contentType: document.contentType, document: document.bytes, receivedAt: now,
      deadline: message.deadline === undefined ? undefined : new Date(message.deadline), delivery,
    })
    for (const wake of this.#waiters.get(body.province) ?? []) wake()
    return []
  }

  /** What waits for the province; when nothing does, waits up to `ms` for the first item. */
  async fetch(province: string, limit: number, ms: number): Promise<readonly InboxItem[]> {
    const until = this.clock.now().getTime() + ms
    for (;;) {
      const arrived = this.#arrival(province)
      const items = await this.store.waiting(province, this.clock.now(), limit)
      const leftMs = until - this.clock.now().getTime()
      if (items.length || leftMs <= 0) { arrived.cancel(); return items }
      // what another process took in is not told here, so look again now and then
      await arrived.within(Math.min(leftMs, 1000))
    }
  }

  /** The item is not handed out again. Throws `Failure` INBOX_ITEM_UNKNOWN. */
  async acknowledge(id: string, province: string): Promise<void> {
    await this.#item(id, province)
    await this.store.acknowledge(id, this.clock.now())
  }

  /**
   * Takes the province's native answer. The same answer again changes nothing. Throws `Failure` with the faults of the answer (which
   * may then be corrected and sent again), STATE_FORBIDS for another answer than the one that counts, INBOX_ITEM_UNKNOWN.
   */
  async answer(id: string, province: Province, bytes: Buffer, contentType: string | undefined): Promise<void> {
    const item = await this.#item(id, province.profile.code)
    const given = mediaType(contentType)
    if (!given || !isOf(given, mediaType(province.profile.contentType)!)) {
      throw new Failure('MEDIA_TYPE_UNSUPPORTED', [fault('MEDIA_TYPE_UNSUPPORTED', 'Content-Type', { zh: `可用：${province.profile.contentType}`, en: `use ${province.profile.contentType}` })])
    }
    const nativeDigest = sha256Hex(bytes)
    if (item.answer) {
      if (item.answer.body.nativeDigest !== nativeDigest) throw new Failure('STATE_FORBIDS', [fault('STATE_FORBIDS', '', { zh: '该报文已有应答', en: 'this item has an answer already' })])
      return
    }
    const { mapping, reading } = readAny(answerMappings(item.exchange, province), bytes)
    if (!reading.ok) throw new Failure(reading.faults[0].code, reading.faults)
    const body: AnswerBody = { province: province.profile.code, status: 'answered', schema: mapping!.message, document: reading.canonical, nativeDigest, lossCount: reading.loss.length }
    const counts = await this.store.answer(id, { body, answeredAt: this.clock.now() })
    this.emit([answerOf(item.delivery, item.exchange, counts)])
  }

  #translate({ province, schema, document }: DeliverBody): { bytes: Buffer; contentType: string } | Failure {
    const mapping = this.provinces.byCode(province)?.mappings.get(schema)
    if (!mapping) return new Failure('TARGET_UNAVAILABLE', [fault('TARGET_UNAVAILABLE', '', { zh: `没有 ${schema} 的映射`, en: `there is no mapping of ${schema}` })])
    try {
      return mapping.write(document)
    } catch (error) {
      if (error instanceof Failure) return error
      throw error
    }
  }

  async #item(id: string, province: string): Promise<InboxItem> {
    const item = await this.store.get(id)
    if (item?.province !== province) throw new Failure('INBOX_ITEM_UNKNOWN')
    return item
  }

  #arrival(province: string): { within(ms: number): Promise<void>; cancel(): void } {
    const told = Promise.withResolvers<void>()
    const waiters = this.#waiters.get(province) ?? this.#waiters.set(province, new Set()).get(province)!
    waiters.add(told.resolve)
    const cancel = (): void => { waiters.delete(told.resolve) }
    return {
      cancel,
      async within(ms) {
        const timer = setTimeout(told.resolve, ms)
        await told.promise
        clearTimeout(timer)
        cancel()
      },
    }
  }
}

const answerMappings = (key: string, { mappings }: Province): Mapping[] => exchange(key)!.answer.flatMap(schema => mappings.get(schema.name) ?? [])

/** The answer as a message; its id follows from the delivery's, so that a repeat is known as one. */
function answerOf(delivery: InboxItem['delivery'], key: string, { body, answeredAt }: InboxAnswer): Envelope {
  const definition = exchange(key)!
  const ms = Math.max(0, answeredAt.getTime() - Date.parse(delivery.time))
  return toEnvelope({
    id: childId(delivery.id, 'answer'), type: messageTypes(definition).answer, source: 'gateway', caseId: delivery.caseId, key: delivery.key, topic: topics.domain(definition.domain), exchangeId: delivery.exchangeId,
    time: answeredAt.toISOString(), deadline: delivery.deadline, attempt: delivery.attempt, traceparent: delivery.traceparent, versions: delivery.versions,
    trail: [...delivery.trail, { by: 'gateway', what: body.status, at: answeredAt.toISOString(), ms, about: body.province }], body: Buffer.from(JSON.stringify(body)),
  })
}
