import kafkajs from 'kafkajs'

/** Bare kafkajs: produce with acks=all, consume by eachBatch; messages of `bytes` per second, counted when consumed. */
export async function rawKafka(brokers: readonly string[], bytes: number, count: number): Promise<{ perSecond: number }> {
  const kafka = new kafkajs.Kafka({ brokers: [...brokers], logLevel: kafkajs.logLevel.NOTHING })
  const topic = `bench.raw.${process.pid}.${Date.now()}`
  const admin = kafka.admin()
  await admin.connect()
  await admin.createTopics({ topics: [{ topic, numPartitions: 1, replicationFactor: 1 }] })
  await admin.disconnect()
  const producer = kafka.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner, idempotent: true, maxInFlightRequests: 1 })
  const consumer = kafka.consumer({ groupId: topic, maxWaitTimeInMs: 50 })
  await producer.connect()
  await consumer.connect()
  await consumer.subscribe({ topics: [topic], fromBeginning: true })
  const all = Promise.withResolvers<void>()
  let seen = 0
  await consumer.run({ eachBatch: ({ batch }) => { seen += batch.messages.length; if (seen >= count) all.resolve(); return Promise.resolve() } })
  const value = Buffer.alloc(bytes, 120)
  const startedMs = performance.now()
  for (let i = 0; i < count; i += 500) await producer.send({ topic, acks: -1, messages: Array.from({ length: Math.min(500, count - i) }, (_, n) => ({ key: String(i + n), value })) })
  await all.promise
  const seconds = (performance.now() - startedMs) / 1000
  await consumer.disconnect()
  await producer.disconnect()
  return { perSecond: Math.round(count / seconds) }
}
