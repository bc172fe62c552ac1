/** Content-Type of a native document by the extension of its file; charsets are those of the provinces' dialects. */
const BY_EXTENSION: Readonly<Record<string, string>> = {
  json: 'application/json; charset=utf-8',
  xml: 'application/xml; charset=utf-8',
  csv: 'text/csv; charset=GB18030',
}
export const EXTENSIONS = Object.keys(BY_EXTENSION)

export function contentTypeOf(file: string): string | undefined {
  const name = file.slice(Math.max(file.lastIndexOf('/'), file.lastIndexOf('\\')) + 1)
  const dot = name.lastIndexOf('.')
  return dot <= 0 ? undefined : BY_EXTENSION[name.slice(dot + 1).toLowerCase()]
}

/** `discover-patient-x.csv` → `discover-patient-x.headers.yaml`, the headers that travel with a document that cannot carry them. */
export const headersFileOf = (file: string): string => file.replace(/\.[^./\\]+$/, '') + '.headers.yaml'

/** `Name: value`; undefined when it is none. */
export function headerOf(text: string): readonly [string, string] | undefined {
  const match = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*)$/.exec(text)
  return match ? [match[1]!, match[2]!.trim()] : undefined
}

/** `medical-records.discover` or `medical-records/discover` → its route below /v1/exchanges. */
export function exchangeRouteOf(name: string): string | undefined {
  const match = /^([a-z][a-z0-9-]*)[./]([a-z][a-z0-9-]*)$/.exec(name)
  return match ? `/v1/exchanges/${match[1]}/${match[2]}` : undefined
}
