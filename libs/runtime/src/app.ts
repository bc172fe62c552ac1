import type { DataSource } from 'typeorm'
import type { Clock } from '#kernel'
import type { Transport } from '#messaging'
import type { Logger } from '#observability'
import type { Provinces } from '#provinces'
import type { Sealer } from '#security'
import type { Settings } from './settings.js'

/** What a process gives each app that it runs; apps get everything through this and start nothing of it themselves. */
export interface AppContext {
  readonly settings: Settings
  readonly clock: Clock
  readonly logger: Logger
  readonly sealer: Sealer
  readonly provinces: Provinces
  readonly transport: Transport
  /** Base URL of a push province's system, or undefined. */
  provinceUrl(code: string): string | undefined
  /** The service's own PostgreSQL schema (created and migrated, under a lock). */
  dataSource(service: string, migrations: readonly (new () => object)[], entities?: readonly (new () => object)[]): Promise<DataSource>
}

export interface RunningApp {
  readonly name: string
  /** Where it listens, if it does. */
  readonly url?: string
  /** Lines for whoever started it, e.g. demo keys; never logged. */
  readonly notices?: readonly string[]
  /** Drains: takes nothing new, finishes what it took, then closes. */
  close(): Promise<void>
}

/** Every app exports one as `start` from `src/start.ts`; `main.ts` and all-in-one call it. */
export type StartApp = (context: AppContext) => Promise<RunningApp>
