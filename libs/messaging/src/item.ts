import type { Message } from './message.js'

/** A message on its way through the pipeline, with where it comes from: that decides how it is counted as done. */
export interface Item {
  readonly message: Message
  readonly origin:
    | { readonly kind: 'transport' }
    /** Made in this process from committed state (a deadline, a finished effect); its id is derived, so its inbox row makes it once. */
    | { readonly kind: 'local'; readonly doneEffect?: string }
    | { readonly kind: 'parked'; readonly attempt: number }
    | { readonly kind: 'dead-letter'; readonly id: string }
}
export const NO_EXCHANGE = '00000000-0000-4000-8000-000000000000'
