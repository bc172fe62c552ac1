import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { projectFolder } from '../gateway/connection.js'

const read = (file: string): string => readFileSync(join(projectFolder, file), 'utf8')
/** | what holds | `file` | words of the test’s title | */
const rows = [...read('docs/invariants.md').matchAll(/^\| (.+?) \| `(.+?)` \| (.+?) \|$/gm)].map(([, invariant, file, title]) => ({ invariant: invariant!, file: file!, title: title! }))

describe('docs/invariants.md', () => {
  it('names tests that exist', () => {
    expect(rows.length).toBeGreaterThan(20)
    const absent = rows.filter(({ file, title }) => { try { return !read(file).includes(title) } catch { return true } })
    expect(absent).toEqual([])
  })
})
