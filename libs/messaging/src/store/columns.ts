/**
 * Sealed bodies travel to PostgreSQL as one binary parameter and two integer arrays, and are cut apart there: an array of bytea would be
 * sent as hexadecimal text.
 */
export class BinaryColumn {
  readonly #parts: Buffer[] = []
  #length = 0
  readonly from: number[] = []
  readonly size: number[] = []

  add(part: Buffer): void {
    this.#parts.push(part)
    this.from.push(this.#length + 1)
    this.size.push(part.length)
    this.#length += part.length
  }

  bytes(): Buffer { return Buffer.concat(this.#parts, this.#length) }
}
