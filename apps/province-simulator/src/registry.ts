import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import iconv from 'iconv-lite'
import { parse } from 'yaml'
import type { Province } from '#provinces'

/** One native answer, byte for byte as it was written by hand or loaded. */
export interface NativeAnswer {
  /** File below the registry's folder, or `loaded/<id>`. */
  readonly name: string
  readonly bytes: Buffer
}

interface Entry {
  readonly order: number
  /** Native values that the request must name, folded. */
  readonly values: readonly string[]
  readonly answer: NativeAnswer
}

interface Shelf { readonly byFirstValue: Map<string, Entry[]>; otherwise: NativeAnswer | undefined; readonly fault: NativeAnswer | undefined }

/** `holder.yaml`: per message (`discover`), entries of native values and an answer file, the last one `default`; and files for `fault`. */
type HolderFile = Record<string, readonly HolderEntry[]> & { fault?: Record<string, string> }
type HolderEntry = { readonly answer: string; readonly default?: boolean } & Readonly<Record<string, string | boolean>>

/** What a pretend provincial system holds: hand-written native documents, found by native values in the request's own text. */
export class Registry {
  readonly #shelves = new Map<string, Shelf>()
  readonly #answers = new Map<string, NativeAnswer>()
  readonly #charset: string
  #order = 0

  /** @param folder `fixtures/registry` of the province */
  constructor(folder: string, province: Province) {
    this.#charset = /charset=([\w-]+)/i.exec(province.profile.contentType)?.[1] ?? 'utf-8'
    const file = (name: string): NativeAnswer => {
      let answer = this.#answers.get(name)
      if (!answer) this.#answers.set(name, answer = { name, bytes: readFileSync(join(folder, name)) })
      return answer
    }
    const { fault = {}, ...messages } = parse(readFileSync(join(folder, 'holder.yaml'), 'utf8')) as HolderFile
    for (const [message, entries] of Object.entries(messages)) {
      const shelf = this.#shelf(message, fault[message] ? file(fault[message]) : undefined)
      for (const { answer, default: otherwise, ...keys } of entries as readonly HolderEntry[]) {
        if (otherwise) shelf.otherwise = file(answer)
        else this.#put(shelf, Object.values(keys).map(String), file(answer))
      }
    }
  }

  static of(province: Province): Registry | undefined {
    const folder = join(province.folder, 'fixtures', 'registry')
    return existsSync(join(folder, 'holder.yaml')) ? new Registry(folder, province) : undefined
  }

  /** The answer to a native request: the first entry all of whose values stand in it, else the message's default. */
  find(message: string, request: Buffer): NativeAnswer | undefined {
    const shelf = this.#shelves.get(message)
    if (!shelf) return undefined
    const text = fold(iconv.decode(request, this.#charset))
    let found: Entry | undefined
    for (const token of text.match(TOKEN) ?? []) {
      for (const entry of shelf.byFirstValue.get(token) ?? []) {
        if ((!found || entry.order < found.order) && entry.values.every(v => stands(v, text))) found = entry
      }
    }
    return found?.answer ?? shelf.otherwise
  }

  /** Somebody else's answer to the same kind of request. */
  other(message: string, than: NativeAnswer): NativeAnswer | undefined {
    const entries = [...this.#shelves.get(message)?.byFirstValue.values() ?? []].flat()
    return entries.find(e => e.answer.name !== than.name)?.answer
  }

  fault(message: string): NativeAnswer | undefined { return this.#shelves.get(message)?.fault }
  answer(name: string): NativeAnswer | undefined { return this.#answers.get(name) }

  /** Loads a document at run time; one loaded before under the same id and message is replaced. It is not kept over a restart. */
  load(message: string, id: string, values: readonly string[], bytes: Buffer): void {
    const answer: NativeAnswer = { name: `loaded/${message}/${id}`, bytes }
    const shelf = this.#shelf(message)
    if (this.#answers.has(answer.name)) for (const [value, entries] of shelf.byFirstValue) shelf.byFirstValue.set(value, entries.filter(e => e.answer.name !== answer.name))
    this.#answers.set(answer.name, answer)
    this.#put(shelf, values, answer)
  }

  #shelf(message: string, fault?: NativeAnswer): Shelf {
    let shelf = this.#shelves.get(message)
    if (!shelf) this.#shelves.set(message, shelf = { byFirstValue: new Map(), otherwise: undefined, fault })
    return shelf
  }

  #put(shelf: Shelf, values: readonly string[], answer: NativeAnswer): void {
    const folded = values.map(fold)
    const first = folded[0]!
    shelf.byFirstValue.set(first, [...shelf.byFirstValue.get(first) ?? [], { order: this.#order++, values: folded, answer }])
  }
}

/** Width, case and kinds of spaces do not matter: `33032419900115009x` is `…X`. */
const fold = (text: string): string => text.normalize('NFKC').toUpperCase()
/** Numbers and ids: what an entry is found by first. */
const TOKEN = /[0-9A-Z](?:[0-9A-Z._-]*[0-9A-Z])?/g

/** Whether a value may be the first of a loaded document's. */
export const isToken = (value: string): boolean => fold(value).replace(TOKEN, '') === '' && value !== ''

/** Whole values only: a name is not found within a longer one. */
function stands(value: string, text: string): boolean {
  for (let at = text.indexOf(value); at >= 0; at = text.indexOf(value, at + 1)) {
    if (!WORD.test(text.charAt(at - 1)) && !WORD.test(text.charAt(at + value.length))) return true
  }
  return false
}
const WORD = /[\p{L}\p{N}]/u
