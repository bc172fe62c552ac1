import type pg from 'pg'
import { types } from 'pg'
import { DataSource, type Logger } from 'typeorm'

export interface DataSourceOptions {
  /** `postgres://user:password@host:port/database` */
  readonly url: string
  /** `medical-records`; its PostgreSQL schema is `medical_records`. */
  readonly service: string
  /** TypeORM migrations in their order; table names need no schema, `search_path` is the service's own. */
  readonly migrations: readonly (new () => object)[]
  /** Entities of tables that administrators edit. */
  readonly entities?: readonly (new () => object)[]
  readonly poolSize?: number
  /** Told of connections that broke while idle; the pool replaces them by itself. */
  readonly onConnectionError?: (error: Error) => void
}

/**
 * Opens the service's own schema, created and migrated first. Several processes may start at once: an advisory lock lets one
 * migrate while the others wait.
 *
 * On every connection `int8` arrives as a number (beyond 2^53 − 1 the query fails, it is never rounded), `date` as its text
 * `YYYY-MM-DD`, `numeric` as text, `timestamptz` as a Date.
 */
export async function openDataSource({ url, service, migrations, entities = [], poolSize = 10, onConnectionError = () => undefined }: DataSourceOptions): Promise<DataSource> {
  const schema = schemaOf(service)
  const dataSource = new DataSource({
    type: 'postgres', url, schema, poolSize, applicationName: `tongqu ${service}`, migrations: [...migrations], entities: [...entities],
    migrationsTableName: 'migrations', migrationsTransactionMode: 'each', installExtensions: false, poolErrorHandler: onConnectionError, logger: SILENT,
    connectTimeoutMS: 10_000, extra: { options: `-c search_path=${schema} ${STEADY_PLANS}`, types: { getTypeParser }, keepAlive: true },
  })
  await dataSource.initialize()
  try { await migrate(dataSource, schema) } catch (error) { await dataSource.destroy(); throw error }
  return dataSource
}

/** The pg pool below a data source, for statements that must not pay for a query builder. */
export const poolOf = (dataSource: DataSource): pg.Pool => (dataSource.driver as unknown as { master: pg.Pool }).master

/** `medical-records` → `medical_records`. */
export function schemaOf(service: string): string {
  if (!/^[a-z][a-z0-9-]{0,40}$/.test(service)) throw new Error(`"${service}" is no service name: lower-case letters, digits and dashes`)
  return service.replaceAll('-', '_')
}

// what fails is thrown; TypeORM's own log would write statements and their values to the terminal
const SILENT: Logger = { logQuery() {}, logQueryError() {}, logQuerySlow() {}, logSchemaBuild() {}, logMigration() {}, log() {} }

async function migrate(dataSource: DataSource, schema: string): Promise<void> {
  const lock = await poolOf(dataSource).connect()
  try {
    await lock.query('SELECT pg_advisory_lock(hashtextextended($1, 0))', [`tongqu migrations ${schema}`])
    await lock.query(`CREATE SCHEMA IF NOT EXISTS "${schema}"`)
    await dataSource.runMigrations()
    await lock.query('SELECT pg_advisory_unlock_all()')
    lock.release()
  } catch (error) {
    // the lock goes with its connection
    lock.release(true)
    throw error
  }
}

// A prepared statement keeps the plan it got when its table was empty, and a scan that was right then is ruinous an hour later. Our
// statements touch few rows, by index; planning them once, so, is steady. A job over whole tables sets its own (SET LOCAL).
const STEADY_PLANS = '-c plan_cache_mode=force_generic_plan -c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off'

const INT8 = 20
const DATE = 1082
function getTypeParser(oid: number, format?: 'text' | 'binary'): unknown {
  if (format !== 'binary' && oid === INT8) return integer
  if (format !== 'binary' && oid === DATE) return String
  return types.getTypeParser(oid, format as 'text')
}

function integer(text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value)) throw new RangeError('an int8 value is too large for a number')
  return value
}
