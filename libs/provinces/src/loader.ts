import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'
import { compileMapping, compileSchema, MappingError, readCodeTable, readSkeleton, type CodeTable, type Mapping, type Skeleton } from '#mapping'
import { SCHEMAS } from '#schemas'
import { parse } from 'yaml'
import type { Province, ProvinceProfile, Provinces } from './profile.js'
import { PROFILE_SCHEMA } from './profile.schema.js'

/** The project's own folder of provinces, from the sources as from the build: below the nearest package.json named "tongqu". */
function builtInFolder(): string {
  for (let at = import.meta.dirname; ; at = dirname(at)) {
    const file = join(at, 'package.json')
    if (existsSync(file) && (JSON.parse(readFileSync(file, 'utf8')) as { name?: unknown }).name === 'tongqu') return join(at, 'libs', 'provinces')
    if (dirname(at) === at) throw new Error(`no package.json named "tongqu" above ${import.meta.dirname}`)
  }
}

const isProvince = (folder: string): boolean => existsSync(join(folder, 'profile.yaml'))

/** Province folders in a folder, or the folder itself if it is one. */
function provinceFolders(folder: string): string[] {
  if (isProvince(folder)) return [folder]
  if (!existsSync(folder)) throw new Error(`there is no folder ${folder}`)
  const found = readdirSync(folder, { withFileTypes: true }).filter(entry => entry.isDirectory()).map(entry => join(folder, entry.name)).filter(isProvince)
  return found.sort()
}

/** Files of a folder with this ending, in the order of their names; none if there is no such folder. */
function files(folder: string, ending: string): string[] {
  return existsSync(folder) ? readdirSync(folder).filter(name => name.endsWith(ending)).sort().map(name => join(folder, name)) : []
}

interface Shared { readonly root: string; readonly skeletons: readonly Skeleton[]; readonly codeTables: readonly CodeTable[] }

/** Short name of a file in errors: below the folder of provinces where it lies there. */
const shown = (file: string, root: string): string => { const short = relative(root, file); return short.startsWith('..') ? file : short }
const tables = (folder: string, root: string): CodeTable[] => files(folder, '.yaml').map(file => readCodeTable(readFileSync(file, 'utf8'), shown(file, root)))

function readProfile(folder: string, root: string): ProvinceProfile {
  const file = join(folder, 'profile.yaml')
  const profile: unknown = parse(readFileSync(file, 'utf8'))
  const validate = compileSchema(PROFILE_SCHEMA)
  if (!validate(profile)) {
    const wrong = validate.errors!.map(error => `${error.instancePath || '/'} ${error.message ?? ''}${'additionalProperty' in error.params ? ` (${String(error.params.additionalProperty)})` : ''}`)
    throw new MappingError(shown(file, root), 1, '', wrong.join('; '))
  }
  const found = profile as ProvinceProfile
  if (found.slug !== basename(folder)) throw new MappingError(shown(file, root), 1, 'slug', `the slug "${found.slug}" and the folder's name "${basename(folder)}" must be the same`)
  return found
}

function loadProvince(folder: string, shared: Shared): Province {
  const profile = readProfile(folder, shared.root)
  const codeTables = [...shared.codeTables, ...tables(join(folder, 'code-tables'), shared.root)]
  const mappings = new Map<string, Mapping>()
  for (const file of files(join(folder, 'mappings'), '.mapping.yaml')) {
    const name = shown(file, shared.root)
    const mapping = compileMapping(readFileSync(file, 'utf8'), { file: name, codeTables, schemas: SCHEMAS, skeletons: shared.skeletons })
    if (mapping.province !== profile.slug) throw new MappingError(name, 1, 'province', `"${mapping.province}" stands in the folder of "${profile.slug}"`)
    if (mapping.dialect !== profile.dialect) throw new MappingError(name, 1, 'dialect', `the province speaks ${profile.dialect}`)
    const other = mappings.get(mapping.message)
    if (other?.version === mapping.version) throw new MappingError(name, 1, 'version', `${mapping.id} is there twice`)
    if (!other || mapping.version > other.version) mappings.set(mapping.message, mapping)
  }
  return { profile, mappings, folder }
}

/**
 * Every province there is: one folder each, found by its `profile.yaml`. No code names a province.
 * @param extraDirs more province folders, or folders that hold some; one of the same slug replaces the built-in one
 * @throws MappingError that names file, line, rule and what would be right
 */
export function loadProvinces(extraDirs: readonly string[] = []): Provinces {
  const root = builtInFolder()
  const shared: Shared = {
    root,
    skeletons: files(join(root, 'documents'), '.skeleton.yaml').map(file => readSkeleton(readFileSync(file, 'utf8'), shown(file, root))),
    codeTables: tables(join(root, 'code-tables'), root),
  }
  const bySlug = new Map<string, Province>()
  for (const folder of [root, ...extraDirs].flatMap(provinceFolders)) {
    const province = loadProvince(folder, shared)
    bySlug.set(province.profile.slug, province)
  }
  const byCode = new Map<string, Province>()
  for (const province of bySlug.values()) {
    const other = byCode.get(province.profile.code)
    if (other) throw new MappingError(shown(join(province.folder, 'profile.yaml'), root), 1, 'code', `${province.profile.code} is ${other.profile.slug} already`)
    byCode.set(province.profile.code, province)
  }
  return { all: [...bySlug.values()], byCode: code => byCode.get(code), bySlug: slug => bySlug.get(slug) }
}
