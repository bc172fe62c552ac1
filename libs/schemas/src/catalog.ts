import { exchangeKey, schemaId, type CanonicalSchema, type ExchangeDefinition } from './exchange.js'
import * as recordQuery from './medical-records/record-query.exchange.js'

/** Every exchange there is. */
export const EXCHANGES: readonly ExchangeDefinition[] = Object.values(recordQuery)

const byKey = new Map(EXCHANGES.map(d => [exchangeKey(d), d]))
export const exchange = (key: string): ExchangeDefinition | undefined => byKey.get(key)

/** Every canonical schema that an exchange uses, once. */
export const SCHEMAS: readonly CanonicalSchema[] = [...new Map(EXCHANGES.flatMap(d => [d.request, ...d.answer, ...d.result]).map(s => [schemaId(s), s])).values()]
