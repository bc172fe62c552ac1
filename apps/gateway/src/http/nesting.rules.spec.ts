import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { nestsDeeper } from './nesting.rules.js'

const depthOf = (value: unknown): number => (typeof value === 'object' && value !== null ? 1 + Math.max(0, ...Object.values(value).map(depthOf)) : 0)
const bytes = (text: string) => Buffer.from(text)

describe('the depth of a document before it is parsed', () => {
  it('is that of the JSON value, whatever its texts hold', () => {
    fc.assert(fc.property(fc.jsonValue({ maxDepth: 6 }), fc.integer({ min: 0, max: 7 }), (value, most) => {
      expect(nestsDeeper(bytes(JSON.stringify(value)), 'json', most)).toBe(depthOf(value) > most)
    }))
    expect(nestsDeeper(bytes('{"a":"\\"[[[[{{{{"}'), 'json', 1)).toBe(false)
  })

  it('is that of the XML elements; comments, CDATA, attributes and empty elements do not add to it', () => {
    expect(nestsDeeper(bytes('<?xml version="1.0"?><a x=">"><b y=\'<c>\'/><!-- <d><e> --><![CDATA[<f><g>]]></a>'), 'xml', 1)).toBe(false)
    expect(nestsDeeper(bytes('<a><b><c/></b></a>'), 'xml', 2)).toBe(false)
    expect(nestsDeeper(bytes('<a><b><c>1</c></b></a>'), 'xml', 2)).toBe(true)
  })

  it('is found in a million levels at once, and never fails on what is cut off', () => {
    expect(nestsDeeper(bytes('['.repeat(1_000_000)), 'json', 40)).toBe(true)
    expect(nestsDeeper(bytes('<a>'.repeat(300_000)), 'xml', 40)).toBe(true)
    fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), document => {
      expect(typeof nestsDeeper(document, 'xml', 3)).toBe('boolean')
      expect(typeof nestsDeeper(document, 'json', 3)).toBe('boolean')
    }))
  })
})
