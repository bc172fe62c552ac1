/** What is said of an identifier: its normalised form, and the first thing that is wrong with it. */
export type CodeCheck<Reason extends string> =
  | { readonly valid: true; readonly normalized: string }
  /** `suggestion`: the code that comes out valid when easily misread letters are read as digits. For a human to confirm, never used by itself. */
  | { readonly valid: false; readonly normalized: string; readonly reason: Reason; readonly suggestion?: string }

const SEPARATORS = /[\s\p{Cf}\p{Pd}]/gu

/** Width folded (NFKC), upper case, blanks, dashes and invisible characters out. */
export const normalizeCode = (input: string): string => input.normalize('NFKC').replace(SEPARATORS, '').toUpperCase()

const MISREAD: Readonly<Record<string, string>> = { O: '0', I: '1', Z: '2', S: '5' }

/** @param fault first reason why a normalised code is not valid, in the order the scheme prescribes */
export function checkCode<Reason extends string>(input: string, fault: (normalized: string) => Reason | undefined): CodeCheck<Reason> {
  const normalized = normalizeCode(input)
  const reason = fault(normalized)
  if (reason === undefined) return { valid: true, normalized }
  const suggestion = normalized.replace(/[OIZS]/g, letter => MISREAD[letter]!)
  return suggestion !== normalized && fault(suggestion) === undefined ? { valid: false, normalized, reason, suggestion } : { valid: false, normalized, reason }
}
