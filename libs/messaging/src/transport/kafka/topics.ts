import type { Admin } from 'kafkajs'
import { ENVELOPE_MAX_BYTES } from '../limits.js'
import { atMost, kafkaClient, type KafkaConnection } from './client.js'

/** Envelope with headers and record framing. */
const RECORD_MAX_BYTES = ENVELOPE_MAX_BYTES + 1024 * 1024

export const partitionName = (topic: string, partition: number): string => `${topic}/${partition}`

/** Offsets: the next one that a group takes, and the one behind the last message. */
export interface Backlog { readonly next: bigint; readonly end: bigint }

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

  /** Identity of the cluster: another one when its data were removed. */
  async cluster(): Promise<string> { return this.#ask(async (admin) => (await admin.describeCluster()).clusterId) }

  /** Messages that wait for `group` behind its committed offset, by `partitionName`. */
  async waiting(group: string, topics: readonly string[]): Promise<ReadonlyMap<string, Backlog>> {
    return this.#ask(async (admin) => {
      const committed = new Map((await admin.fetchOffsets({ groupId: group, topics: [...topics] }))
        .flatMap(({ topic, partitions }) => partitions.map(({ partition, offset }) => [partitionName(topic, partition), BigInt(offset)] as const)))
      const backlog = new Map<string, Backlog>()
      for (const topic of topics) {
        for (const { partition, low, high } of await admin.fetchTopicOffsets(topic)) {
          const name = partitionName(topic, partition)
          const from = committed.get(name) ?? -1n
          backlog.set(name, { next: from >= BigInt(low) ? from : BigInt(low), end: BigInt(high) })
        }
      }
      return backlog
    })
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
      await atMost(2000, admin.disconnect())
    }
  }
}

const PROBE = 'tongqu.ready'

/**
 * True when a broker works: its port opens seconds before it can create a topic and speak with a consumer group. Leaves an empty topic.
 */
export async function brokerReady(connection: KafkaConnection): Promise<boolean> {
  const topics = new Topics(connection, 1)
  topics.want([PROBE])
  try {
    await topics.create()
    await topics.waiting(PROBE, [PROBE])
    return true
  } catch {
    return false
  }
}
