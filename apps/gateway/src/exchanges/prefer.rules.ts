export const WAIT_MOST_SECONDS = 30

/** Seconds of `Prefer: wait=N` (RFC 7240), 30 at most; undefined when the sender does not want to wait. What cannot be read is ignored, as the RFC says. */
export function waitPreference(header: string | string[] | undefined): number | undefined {
  if (header === undefined) return undefined
  const text = Array.isArray(header) ? header.join(',') : header
  const seconds = /(?:^|[,;])\s*wait\s*=\s*"?(\d{1,9})"?\s*(?:$|[,;])/i.exec(text)?.[1]
  return seconds === undefined ? undefined : Math.min(Number(seconds), WAIT_MOST_SECONDS)
}
