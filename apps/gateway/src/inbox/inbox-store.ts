import type { AnswerBody, Message } from '#messaging'

/** One document that waits for a province which accepts no inbound connection. */
export interface InboxItem {
  /** Id of the delivery: ours, and the province's key to tell a repeat. */
  readonly id: string
  readonly province: string
  /** `medical-records.discover` */
  readonly exchange: string
  readonly contentType: string
  /** Native bytes. */
  readonly document: Buffer
  readonly receivedAt: Date
  /** After this instant an answer is logged, not used. */
  readonly deadline?: Date
  readonly acknowledgedAt?: Date
  /** The delivery without its body; the answer goes back along it. */
  readonly delivery: Omit<Message, 'body'>
  readonly answer?: InboxAnswer
}

export interface InboxAnswer {
  readonly body: AnswerBody
  readonly answeredAt: Date
}

/** The pull provinces' inbox. Documents and answers are sealed at rest. */
export interface InboxStore {
  /** An item that is there already stays as it is. */
  add(item: InboxItem): Promise<void>
  get(id: string): Promise<InboxItem | undefined>
  /** Neither acknowledged nor answered nor past its deadline; the oldest first. */
  waiting(province: string, now: Date, limit: number): Promise<readonly InboxItem[]>
  acknowledge(id: string, at: Date): Promise<void>
  /** The first answer stays; returns the one that counts. */
  answer(id: string, answer: InboxAnswer): Promise<InboxAnswer>
}
