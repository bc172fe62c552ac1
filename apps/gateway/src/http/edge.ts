import type { Clock } from '#kernel'
import type { Logger } from '#observability'
import type { Provinces } from '#provinces'
import type { Settings } from '#runtime'
import type { ParticipantRegistry } from '#security'
import type { ExchangeStore } from '../exchanges/exchange-store.js'
import type { PullInbox } from '../inbox/pull-inbox.js'
import type { OperationsStore } from '../operations/operations-store.js'
import type { Drain } from './drain.js'

/** What the HTTP edge stands on. */
export interface Edge {
  readonly limits: Settings['limits']
  readonly clock: Clock
  readonly logger: Logger
  readonly provinces: Provinces
  readonly participants: ParticipantRegistry
  readonly exchanges: ExchangeStore
  readonly inbox: PullInbox
  readonly operations: OperationsStore
  readonly drain: Drain
  /** Whether what it needs answers (database, transport). */
  ready(): Promise<boolean>
}
