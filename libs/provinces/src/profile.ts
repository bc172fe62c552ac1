import type { Mapping } from '#mapping'

/** `profile.yaml` of a province's folder. Everything a deployment may want to change without code. */
export interface ProvinceProfile {
  /** GB/T 2260, province level: `350000`. */
  readonly code: string
  /** Folder name: `fujian`. */
  readonly slug: string
  readonly name: { readonly zh: string; readonly en: string }
  readonly dialect: 'json' | 'xml' | 'flat'
  /** Content-Type of native documents, charset included: `text/csv; charset=GB18030`. */
  readonly contentType: string
  readonly endpoint: {
    /** `pull`: the province accepts no inbound connection and fetches from the gateway's inbox. */
    readonly mode: 'push' | 'pull'
    /** Path of each exchange below the province's base URL, e.g. `medical-records.discover: /emr/patient/query`. */
    readonly paths: Readonly<Record<string, string>>
    /** GET `<statusPath>/<our id>`: 200 with the answer if the request is known there, 404 if not. */
    readonly statusPath: string
    readonly timeoutMs: number
    readonly maxInFlight: number
    readonly retry: { readonly attempts: number; readonly baseMs: number; readonly maxMs: number }
    /** Opens after so many failures in a row, tries again after openMs. */
    readonly breaker: { readonly failures: number; readonly openMs: number }
  }
  /** Demo participants of the embedded mode. */
  readonly participants: readonly { readonly id: string; readonly name: { readonly zh: string; readonly en: string }; readonly organizationCode: string; readonly role: 'asker' | 'holder' | 'both' }[]
}

export interface Province {
  readonly profile: ProvinceProfile
  /** Newest active version of each message's mapping, by canonical schema name (`discover-request`). */
  readonly mappings: ReadonlyMap<string, Mapping>
  /** Absolute path of the folder (fixtures, tables). */
  readonly folder: string
}

export interface Provinces {
  readonly all: readonly Province[]
  byCode(code: string): Province | undefined
  bySlug(slug: string): Province | undefined
}
