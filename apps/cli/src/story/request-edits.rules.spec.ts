import { describe, expect, it } from '@jest/globals'
import { withoutConsent, withoutPurpose } from './request-edits.rules.js'

const request = `<query>
  <reasonCode code="01" displayName="诊疗"/>
  <consent>
    <id extension="C-1"/>
  </consent>
  <rest/>
</query>
`

describe('requests that lack something', () => {
  it('lack only that', () => {
    expect(withoutPurpose(request)).toBe(request.replace('  <reasonCode code="01" displayName="诊疗"/>\n', ''))
    expect(withoutConsent(request)).toBe(request.replace(/ {2}<consent>[\s\S]*<\/consent>\n/, ''))
  })

  it('are refused where there is nothing to take out, so that the story never tells of another cause', () => {
    expect(() => withoutPurpose('<query/>')).toThrow('no <reasonCode>')
  })
})
