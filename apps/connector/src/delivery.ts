import { createHash } from 'node:crypto'
import { Failure, fault, type Clock, type Fault } from '#kernel'
import type { AnswerBody, DeliverBody, EffectPerformer, PendingEffect, Step } from '#messaging'
import type { Province, Provinces } from '#provinces'
import { deliveryHeaders } from './delivery-headers.js'
import { DeliveryMetrics } from './delivery.metrics.js'
import { ProvinceTarget, type Ended } from './province-target.js'
import { schemaVersions, Translation } from './translation.js'

/** Body of `connector.deliver.done`: the answer for the domain, and how it was come by. */
export interface DeliveryDone {
  readonly exchange: string
  readonly answer: AnswerBody
  /** translate-out, deliver, translate-in: as far as it came. */
  readonly steps: readonly Step[]
  /** Of the answer's document. */
  readonly versions: Readonly<Record<string, string>>
}

export interface DeliveryOptions {
  readonly provinces: Provinces
  readonly provinceUrl: (code: string) => string | undefined
  readonly clock: Clock
  /** Larger answers of a province are not read. */
  readonly answerMaxBytes: number
}

interface Desk { readonly province: Province; readonly translation: Translation; readonly target: ProvinceTarget | undefined; readonly metrics: DeliveryMetrics }

/** Ends of a delivery that has no answer to show. */
type Unanswered = Pick<AnswerBody, 'status'> & { readonly faults: readonly Fault[]; readonly nativeDigest?: string }

/**
 * Brings one canonical document to a province: translate out, deliver, translate its answer in. The claim is committed before; the effect's
 * id is the province's idempotency key; the answer travels on as a message.
 */
export class Delivery implements EffectPerformer {
  readonly #desks = new Map<string, Desk>()

  constructor(private readonly o: DeliveryOptions) {}

  /** In-flight limit of a lane; a lane is a province. */
  readonly limitOf = (lane: string): number => this.o.provinces.byCode(lane)?.profile.endpoint.maxInFlight ?? 1

  async perform(effect: PendingEffect, signal: AbortSignal): Promise<DeliveryDone> {
    const { province: code, exchange } = effect.input as DeliverBody
    const desk = this.#desk(code)
    if (!desk) return { exchange, answer: { province: code, status: 'unavailable', faults: [fault('PROVINCE_UNKNOWN', '')] }, steps: [], versions: {} }
    const journey = new Journey(code, this.o.clock)
    const began = performance.now()
    desk.metrics.begun()
    try {
      const answer = await this.#answer(effect, desk, journey, signal)
      desk.metrics.ended(exchange, answer.status, performance.now() - began)
      return { exchange, answer, steps: journey.steps, versions: journey.versions }
    } catch (error) {
      desk.metrics.abandoned()
      throw error
    }
  }

  async close(): Promise<void> { await Promise.all([...this.#desks.values()].map(d => d.target?.close())) }

  async #answer(effect: PendingEffect, desk: Desk, journey: Journey, signal: AbortSignal): Promise<AnswerBody> {
    const { province, exchange, schema, document } = effect.input as DeliverBody
    const { endpoint } = desk.province.profile
    const path = endpoint.paths[exchange]
    const giveUpAt = effect.deadline ? Date.parse(effect.deadline) : this.o.clock.now().getTime() + endpoint.retry.attempts * (endpoint.timeoutMs + endpoint.retry.maxMs)
    const none = (status: Unanswered['status'], ...faults: Fault[]): AnswerBody => ({ province, status, faults })
    if (!desk.target || !path) return none('unavailable', fault('TARGET_UNAVAILABLE', '', { zh: '未配置该省的接口地址', en: 'no address is configured for it' }))
    if (this.o.clock.now().getTime() >= giveUpAt) return none('timeout', unanswered('TARGET_TIMEOUT', 'DEADLINE_PASSED', effect.resumed || effect.attempt > 1))
    // a fault of our own that comes again each time must not hold the province's lane for ever
    if (effect.attempt > endpoint.retry.attempts) return none('unavailable', fault('INTERNAL', ''))

    const out = journey.step('translate-out', () => writeOut(desk.translation, schema, document), o => ({ note: 'faults' in o ? 'not representable' : `loss ${o.lossCount}`, versions: 'faults' in o ? undefined : { mapping: o.mapping } }))
    if ('faults' in out) return none('invalid', ...out.faults)

    const ended = await journey.stepAsync('deliver', () => desk.target!.deliver({
      id: effect.id, path, headers: deliveryHeaders(effect, out.contentType, out.supplied), bytes: out.bytes, giveUpAt, mayBeKnown: effect.resumed || effect.attempt > 1,
      readable: body => desk.translation.in(exchange, body).ok,
    }, signal), e => ({ note: deliverNote(e) }))
    if (ended.kind !== 'answer') return none(ended.kind === 'refused' ? 'invalid' : ended.kind, endFault(ended))

    const nativeDigest = createHash('sha256').update(ended.body).digest('hex')
    const read = journey.step('translate-in', () => desk.translation.in(exchange, ended.body), r => ({ note: r.ok ? `loss ${r.lossCount}` : `${r.faults.length} faults`, versions: r.mapping ? { mapping: r.mapping } : undefined }))
    if (!read.ok) return { province, status: 'invalid', faults: read.faults, nativeDigest }
    journey.versions = schemaVersions(read.schema, read.mapping)
    return { province, status: 'answered', schema: read.schema.name, document: read.document, nativeDigest, lossCount: read.lossCount }
  }

  #desk(code: string): Desk | undefined {
    let desk = this.#desks.get(code)
    if (!desk) {
      const province = this.o.provinces.byCode(code)
      if (!province) return undefined
      const url = this.o.provinceUrl(code)
      const metrics = new DeliveryMetrics(code)
      desk = { province, metrics, translation: new Translation(province), target: url === undefined ? undefined : new ProvinceTarget(url, province.profile.endpoint, this.o.clock, metrics, this.o.answerMaxBytes) }
      this.#desks.set(code, desk)
    }
    return desk
  }
}

function writeOut(translation: Translation, schema: string, document: unknown): ReturnType<Translation['out']> | { readonly faults: readonly Fault[] } {
  try {
    return translation.out(schema, document)
  } catch (error) {
    if (error instanceof Failure) return { faults: error.faults.length ? error.faults : [fault(error.code, '')] }
    throw error
  }
}

const deliverNote = (e: Ended): string | undefined => {
  const calls = [e.sends > 1 ? `sent ${e.sends} times` : e.sends === 0 ? 'not sent' : '', e.queries ? `asked ${e.queries} times` : ''].filter(Boolean)
  return [...('reason' in e ? [e.reason] : []), ...calls].join(', ') || undefined
}

function endFault(e: Exclude<Ended, { kind: 'answer' }>): Fault {
  if (e.kind === 'refused') return fault('TARGET_ANSWER_INVALID', '', { zh: e.reason, en: e.reason })
  return unanswered(e.kind === 'timeout' ? 'TARGET_TIMEOUT' : 'TARGET_UNAVAILABLE', e.reason, e.taken)
}

/** Says, too, whether the province may have the request: that is not the same as not delivered. */
const unanswered = (code: 'TARGET_TIMEOUT' | 'TARGET_UNAVAILABLE', reason: string, taken: boolean): Fault => fault(code, '', taken
  ? { zh: `${reason}；请求可能已被接收，结果未知`, en: `${reason}; the province may have taken the request, its outcome is unknown` }
  : { zh: reason, en: reason })

/** The steps of one delivery, for the exchange's record. */
class Journey {
  readonly steps: Step[] = []
  versions: Readonly<Record<string, string>> = {}

  constructor(private readonly province: string, private readonly clock: Clock) {}

  step<T>(what: string, work: () => T, tell: (result: T) => Pick<Step, 'note' | 'versions'>): T {
    const began = performance.now()
    const result = work()
    this.#add(what, began, tell(result))
    return result
  }

  async stepAsync<T>(what: string, work: () => Promise<T>, tell: (result: T) => Pick<Step, 'note' | 'versions'>): Promise<T> {
    const began = performance.now()
    const result = await work()
    this.#add(what, began, tell(result))
    return result
  }

  #add(what: string, began: number, told: Pick<Step, 'note' | 'versions'>): void {
    const ms = Math.round((performance.now() - began) * 100) / 100
    this.steps.push({ by: 'connector', what, at: this.clock.now().toISOString(), ms, about: this.province, ...(told.note && { note: told.note }), ...(told.versions && { versions: told.versions }) })
  }
}
