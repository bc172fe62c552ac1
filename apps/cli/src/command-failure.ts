/** Exit codes of every command. */
export const EXIT = {
  ok: 0,
  /** The thing itself failed: an exchange was rejected, a chain is broken, a check is red. */
  failed: 1,
  /** Wrong use, or the gateway cannot be reached. */
  unusable: 2,
} as const

/** Ends the command with a message for a person and, where there is one, the way out. */
export class CommandFailure extends Error {
  override readonly name = 'CommandFailure'
  constructor(message: string, readonly exitCode: 1 | 2, readonly more: { readonly wayOut?: string; readonly problem?: unknown; readonly cause?: unknown } = {}) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause })
  }
}
export const unusable = (message: string, wayOut?: string, cause?: unknown): CommandFailure => new CommandFailure(message, EXIT.unusable, { wayOut, cause })
