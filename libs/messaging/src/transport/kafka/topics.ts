import type { Admin } from 'kafkajs'
import { ENVELOPE_MAX_BYTES } from '../limits.js'
import { atMost, kafkaClient, type KafkaConnection } from './client.js'

/** Envelope with headers and record framing. */
const RECORD_MAX_BYTES = ENVELOPE_MAX_BYTES + 1024 * 1024

/** Topics that must exist, and questions to the broker that no consumer can answer. */
export class Topics {
  readonly #wanted = new Set<string>()
  #creating: Promise<void> | undefined

  constructor(private readonly connection: KafkaConnection, private readonly partitions: number) {}

  want(topics: readonly string[]): void { for (const topic of topics) this.#wanted.add(topic) }

  /** Creates those that are missing. Topics that exist are left alone: more partitions would break the order of keys. */
  async create(): Promise<void> {
    // several consumers find out at once that the broker lost its topics
    await (this.#creating ??= this.#create().finally(() => { this.#creating = undefined }))
  }

  /** The offset behind the last message of each partition. */
  async ends(topic: string): Promise<ReadonlyMap<number, bigint>> {
    return this.#ask(async (admin) => new Map((await admin.fetchTopicOffsets(topic)).map(({ partition, high }) => [partition, BigInt(high)])))
  }

  async #create(): Promise<void> {
    await this.#ask(async (admin) => {
      const present = new Set(await admin.listTopics())
      const topics = [...this.#wanted].filter((topic) => !present.has(topic)).map((topic) => ({
        topic, numPartitions: this.partitions, configEntries: [{ name: 'max.message.bytes', value: String(RECORD_MAX_BYTES) }],
      }))
      if (topics.length) await admin.createTopics({ topics, waitForLeaders: true, timeout: 10_000 })
    })
  }

  async #ask<T>(question: (admin: Admin) => Promise<T>): Promise<T> {
    const admin = kafkaClient(this.connection).admin()
    await admin.connect()
    try {
      return await question(admin)
    } finally {
      void atMost(2000, admin.disconnect())
    }
  }
}

const PROBE = 'tongqu.ready'

/** True when a broker works: its port opens seconds before its controller can create a topic. Leaves an empty topic behind. */
export async function brokerReady(connection: KafkaConnection): Promise<boolean> {
  const topics = new Topics(connection, 1)
  topics.want([PROBE])
  return topics.create().then(() => true, () => false)
}
