import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { findPersonalData } from '#observability'
import { elementOf, folderOf, jsonOf, rowsOf, slugs, type Element } from './documents.js'

/** Names, identity numbers and telephone numbers of everybody in the hand-written documents and requests of all provinces. */
export interface PersonalData {
  readonly names: readonly string[]
  readonly numbers: readonly string[]
}

const NUMBER = /(?<![0-9A-Za-z.])(?:\d{17}[\dXx]|\d{15}|1[3-9]\d{9})(?![0-9A-Za-z])/g
/** Columns that hold a person's name: national elements DE02.01.039; Jiangxi's XM and the doctors of its reports. */
const JSON_NAMES = /^WS02_01_039_/
const FLAT_NAMES = ['XM', 'BGYS', 'SHYS', 'ZRYS']
/** Parents of a `name` that is a person's; departments and organisations have names as well. */
const XML_PERSONS = new Set(['assignedPerson', 'patient', 'patientPerson', 'livingSubjectName'])
const NOBODY = /^[-─\s]*$|^NA$|^无$/u

let known: PersonalData | undefined

export function personalDataOf(): PersonalData {
  if (known) return known
  const names = new Set<string>()
  const numbers = new Set<string>()
  for (const file of slugs.flatMap(slug => filesBelow(join(folderOf(slug), 'fixtures')))) {
    const bytes = readFileSync(file)
    for (const name of namesIn(file, bytes)) if (!NOBODY.test(name)) names.add(name.normalize('NFKC').replace(/\s/gu, ''))
    // documents and requests are ASCII where numbers are, in both charsets; full-width ones are folded
    for (const [number] of bytes.toString().normalize('NFKC').matchAll(NUMBER)) if (findPersonalData(number).length) numbers.add(number)
  }
  return known = { names: [...names], numbers: [...numbers] }
}

/** Whether anything personal stands in a text, in whatever way it is written. */
export const hasPersonalData = (text: string, { names, numbers }: PersonalData): boolean => findPersonalData(text, [...names, ...numbers, ...numbers.map(n => n.toLowerCase())]).length > 0

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).map(file => join(folder, file)).filter(file => statSync(file).isFile())
}

function namesIn(file: string, bytes: Buffer): string[] {
  if (file.endsWith('.xml')) return namesInElement(elementOf(bytes))
  if (file.endsWith('.json')) return namesInJson(jsonOf(bytes))
  if (file.endsWith('.csv')) return rowsOf(bytes).flatMap(row => FLAT_NAMES.flatMap(column => row[column] ?? []))
  if (file.endsWith('.headers.yaml')) return [...decodeURIComponent(bytes.toString()).matchAll(/"practitioner":\{"name":"([^"]+)"/g)].map(found => found[1]!)
  return []
}

const namesInElement = (element: Element): string[] =>
  [...element.children.filter(child => XML_PERSONS.has(element.name) && (child.name === 'name' || child.name === 'value')).map(child => child.text), ...element.children.flatMap(namesInElement)]

const namesInJson = (value: unknown): string[] => (typeof value !== 'object' || value === null ? [] : Object.entries(value).flatMap(([name, member]) => (JSON_NAMES.test(name) && typeof member === 'string' ? [member] : namesInJson(member))))
