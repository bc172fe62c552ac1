import { describe, expect, it } from '@jest/globals'
import { isProblem, problemText } from './problem.rules.js'

describe('problem documents at the terminal', () => {
  it('show every fault with its place, in both languages', () => {
    const text = problemText({
      title: '缺少必填项', status: 422, code: 'FIELD_MISSING', detail: '共 2 处问题，见 faults',
      faults: [{ code: 'FIELD_MISSING', pointer: '/person/name', zh: '缺少必填项', en: 'A required field is missing' }, { code: 'PURPOSE_MISSING', pointer: '', zh: '缺少使用目的', en: 'The purpose of use is missing' }],
    })
    expect(text.split('\n')).toEqual(['缺少必填项 (HTTP 422, FIELD_MISSING)', '  共 2 处问题，见 faults', '  · /person/name  缺少必填项', '    A required field is missing', '  · /  缺少使用目的', '    The purpose of use is missing'])
  })

  it('are told from other JSON', () => {
    expect([{ title: 'x', status: 404 }, { status: 'OPEN' }, null, 'text', []].map(isProblem)).toEqual([true, false, false, false, false])
  })
})
