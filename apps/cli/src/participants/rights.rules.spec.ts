import { describe, expect, it } from '@jest/globals'
import { granted, withdrawn, type Right } from './rights.rules.js'

const rights: Right[] = [{ exchange: 'medical-records.discover', province: '330000', purposes: ['TREAT'] }, { exchange: '*', province: '360000', purposes: ['*'] }]

describe('rights as they are changed one by one', () => {
  it('join the purposes of one exchange and province, and leave the others alone', () => {
    expect(granted(rights, { exchange: 'medical-records.discover', province: '330000', purposes: ['ETREAT', 'TREAT'] }))
      .toEqual([rights[1], { exchange: 'medical-records.discover', province: '330000', purposes: ['TREAT', 'ETREAT'] }])
    expect(granted(rights, { exchange: 'medical-records.list', province: '330000', purposes: ['TREAT'] })).toHaveLength(3)
  })

  it('are withdrawn by name, never by likeness', () => {
    expect(withdrawn(rights, { exchange: '*', province: '360000' })).toEqual([rights[0]])
    expect(withdrawn(rights, { exchange: 'medical-records.discover', province: '360000' })).toBeUndefined()
  })
})
