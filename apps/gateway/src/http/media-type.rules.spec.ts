import { describe, expect, it } from '@jest/globals'
import { waitPreference } from '../exchanges/prefer.rules.js'
import { languageOf } from './problem.rules.js'
import { acceptedTypes, chosenType, isOf, mediaType } from './media-type.rules.js'

describe('what a request says in its headers', () => {
  it('reads media types, quoted or not', () => {
    expect(mediaType('Text/CSV; charset="GB18030"')).toEqual({ type: 'text/csv', charset: 'gb18030' })
    expect(mediaType('application/xml')).toEqual({ type: 'application/xml' })
    for (const none of [undefined, '', 'csv', 'a/b/c', 'text/ csv']) expect(mediaType(none)).toBeUndefined()
  })

  it('takes a missing charset for the dialect’s, and another one for another dialect', () => {
    const dialect = mediaType('text/csv; charset=GB18030')!
    expect(isOf(mediaType('text/csv')!, dialect)).toBe(true)
    expect(isOf(mediaType('text/csv; charset=gb18030')!, dialect)).toBe(true)
    expect(isOf(mediaType('text/csv; charset=utf-8')!, dialect)).toBe(false)
    expect(isOf(mediaType('text/plain; charset=gb18030')!, dialect)).toBe(false)
    expect(isOf(mediaType('application/json; charset=utf-8')!, mediaType('application/json')!)).toBe(true)
  })

  it('orders what is accepted by weight, then by exactness', () => {
    expect(acceptedTypes('*/*;q=0.1, application/fhir+json;q=0.9, text/*;q=0.9, text/csv;q=0')).toEqual(['application/fhir+json', 'text/*', '*/*'])
    expect(acceptedTypes(undefined)).toEqual(['*/*'])
    expect(chosenType('text/html, application/*;q=0.5', ['application/xml', 'application/fhir+json'])).toBe('application/xml')
    expect(chosenType('text/html', ['application/xml'])).toBeUndefined()
  })

  it('waits as long as preferred, never longer than half a minute', () => {
    expect(waitPreference('respond-async, wait=10')).toBe(10)
    expect(waitPreference('wait=900')).toBe(30)
    expect(waitPreference(['return=minimal', 'wait="5"'])).toBe(5)
    for (const none of [undefined, '', 'await=3', 'wait=soon', 'wait=-1']) expect(waitPreference(none)).toBeUndefined()
  })

  it('speaks Chinese unless English is preferred', () => {
    expect(languageOf(undefined)).toBe('zh')
    expect(languageOf('fr')).toBe('zh')
    expect(languageOf('en-GB,zh;q=0.8')).toBe('en')
    expect(languageOf('zh-CN,zh;q=0.9,en;q=0.8')).toBe('zh')
  })
})
