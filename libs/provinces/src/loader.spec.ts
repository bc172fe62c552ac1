import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { loadProvinces } from './index.js'

const builtIn = loadProvinces()
let root = ''
beforeEach(() => { root = mkdtempSync(join(tmpdir(), 'tongqu-provinces-')) })
afterEach(() => { rmSync(root, { recursive: true, force: true }) })

/** A copy of a built-in JSON province under another name and code. */
function copy(slug = 'anhui', code = '340000'): string {
  const from = builtIn.all.find(p => p.profile.dialect === 'json')!
  const to = join(root, slug)
  cpSync(from.folder, to, { recursive: true })
  edit(join(to, 'profile.yaml'), text => text.replace(`code: '${from.profile.code}'`, `code: '${code}'`).replace(`slug: ${from.profile.slug}`, `slug: ${slug}`))
  for (const message of from.mappings.keys()) edit(join(to, 'mappings', `${message}.mapping.yaml`), text => text.replace(`province: ${from.profile.slug}`, `province: ${slug}`))
  return to
}
const edit = (file: string, change: (text: string) => string): void => writeFileSync(file, change(readFileSync(file, 'utf8')))

describe('provinces', () => {
  it('are found by their folders; a further one needs data alone', () => {
    const folder = copy()
    for (const given of [root, folder]) {
      const provinces = loadProvinces([given])
      expect(provinces.byCode('340000')?.folder).toBe(folder)
      expect(provinces.bySlug('anhui')?.mappings.get('discover-request')?.id).toBe('anhui/discover-request@1')
      expect(provinces.all.length).toBe(builtIn.all.length + 1)
    }
  })

  it('take the newest version of a mapping', () => {
    const folder = copy()
    const file = join(folder, 'mappings', 'discover-request.mapping.yaml')
    cpSync(file, join(folder, 'mappings', 'discover-request.v2.mapping.yaml'))
    edit(join(folder, 'mappings', 'discover-request.v2.mapping.yaml'), text => text.replace('version: 1', 'version: 2'))
    expect(loadProvinces([root]).bySlug('anhui')?.mappings.get('discover-request')?.version).toBe(2)
  })

  it.each([
    ['a profile without endpoint', 'profile.yaml', (text: string) => text.replace(/^endpoint:[\s\S]*(?=participants:)/m, ''), /anhui.profile\.yaml:1.*endpoint/],
    ['a profile in a folder of another name', 'profile.yaml', (text: string) => text.replace('slug: anhui', 'slug: hubei'), /slug.*must be the same/],
    ['a mapping of another province', 'mappings/discover-request.mapping.yaml', (text: string) => text.replace('province: anhui', 'province: hubei'), /discover-request\.mapping\.yaml:1.*stands in the folder/],
    ['a code table that is gone', 'code-tables/sex.yaml', (text: string) => text.replace('name: sex', 'name: gender'), /mappings.*\d+ .*no code table "sex"/],
    ['a code table with a duplicate', 'code-tables/sex.yaml', (text: string) => text.replace('{ native: \'1\'', '{ native: \'2\''), /sex\.yaml:\d+.*stands twice/],
  ])('%s: the error names the file', (_name, file, change, message) => {
    const folder = copy()
    edit(join(folder, file), change)
    expect(() => loadProvinces([root])).toThrow(message)
  })

  it('two provinces of one code are refused', () => {
    copy('anhui', builtIn.all[0]!.profile.code)
    expect(() => loadProvinces([root])).toThrow(/already/)
  })
})
