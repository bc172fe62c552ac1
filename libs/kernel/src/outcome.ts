/** What the business foresees is a value, never an exception. */
export type Outcome =
  | { readonly kind: 'completed' }
  | { readonly kind: 'rejected'; readonly reason: string }
  | { readonly kind: 'deferred'; readonly until: Date }
  | { readonly kind: 'needs-review'; readonly reason: string }

export const completed: Outcome = { kind: 'completed' }
export const rejected = (reason: string): Outcome => ({ kind: 'rejected', reason })
export const deferred = (until: Date): Outcome => ({ kind: 'deferred', until })
export const needsReview = (reason: string): Outcome => ({ kind: 'needs-review', reason })
