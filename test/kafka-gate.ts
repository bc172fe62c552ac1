import { describe } from '@jest/globals'
import { missingKafkaTools } from '#runtime'

const missing = await missingKafkaTools()
if (missing && process.env.CI === 'true') throw new Error(`The Kafka suites may not be skipped in CI, and they need ${missing}.`)

/** `describe` for suites that need a real broker; the only place that decides whether they run. The closing lines repeat the reason. */
export const describeWithKafka = (name: string, suite: () => void): void => {
  if (missing) describe.skip(`${name} (skipped: it needs ${missing})`, suite)
  else describe(name, suite)
}
