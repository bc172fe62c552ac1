import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { FAILURE_CODES } from '#kernel'
import { EXCHANGES, exchangeRoute, SCHEMAS } from '#schemas'
import { projectFolder } from '../gateway/connection.js'
import { referencePages } from './reference.rules.js'

describe('the reference pages', () => {
  const pages = referencePages()

  it.each(Object.keys(pages))('docs/reference/%s is what the definitions say (`npx tongqu reference` writes it)', name => {
    expect(readFileSync(join(projectFolder, 'docs/reference', name), 'utf8')).toBe(pages[name])
  })

  it('name every exchange, schema and failure code', () => {
    for (const d of EXCHANGES) expect(pages['exchanges.md']).toContain(`POST ${exchangeRoute(d)}`)
    for (const s of SCHEMAS) expect(pages['schemas.md']).toContain(`## ${s.name}@${s.version}\n`)
    for (const code of FAILURE_CODES) expect(pages['failures.md']).toContain(`\`${code}\``)
  })
})
