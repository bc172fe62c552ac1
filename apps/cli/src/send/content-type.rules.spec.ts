import { describe, expect, it } from '@jest/globals'
import { contentTypeOf, exchangeRouteOf, headerOf, headersFileOf } from './content-type.rules.js'

describe('what a file is sent as', () => {
  it('takes the content type from the extension', () => {
    expect(contentTypeOf('a/b.c/discover.XML')).toBe('application/xml; charset=utf-8')
    expect(contentTypeOf('list.csv')).toBe('text/csv; charset=GB18030')
    expect(contentTypeOf('a.b/noextension')).toBeUndefined()
    expect(contentTypeOf('.json')).toBeUndefined()
  })

  it('finds the headers that lie beside a document', () => {
    expect(headersFileOf('requests/list-by-index.csv')).toBe('requests/list-by-index.headers.yaml')
  })

  it('reads headers and the names of exchanges, and refuses what is none', () => {
    expect(headerOf('Tongqu-Purpose: TREAT')).toEqual(['Tongqu-Purpose', 'TREAT'])
    expect(headerOf('Accept:application/json')).toEqual(['Accept', 'application/json'])
    expect(headerOf('no header')).toBeUndefined()
    expect(exchangeRouteOf('medical-records.discover')).toBe('/v1/exchanges/medical-records/discover')
    expect(exchangeRouteOf('../admin')).toBeUndefined()
  })
})
