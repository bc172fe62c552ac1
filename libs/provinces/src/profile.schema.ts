const text = { type: 'string', minLength: 1 } as const
const positive = { type: 'integer', minimum: 1 } as const
const both = { type: 'object', additionalProperties: false, required: ['zh', 'en'], properties: { zh: text, en: text } } as const
const closed = (properties: Record<string, unknown>, required = Object.keys(properties)) => ({ type: 'object', additionalProperties: false, required, properties })

/** JSON Schema of `profile.yaml`: `ProvinceProfile`. */
export const PROFILE_SCHEMA = closed({
  code: { type: 'string', pattern: '^\\d{2}0000$' },
  slug: { type: 'string', pattern: '^[a-z][a-z0-9-]*$' },
  name: both,
  dialect: { enum: ['json', 'xml', 'flat'] },
  contentType: text,
  endpoint: closed({
    mode: { enum: ['push', 'pull'] },
    paths: { type: 'object', additionalProperties: { type: 'string', pattern: '^/' } },
    statusPath: { type: 'string', pattern: '^/' },
    timeoutMs: positive, maxInFlight: positive,
    retry: closed({ attempts: positive, baseMs: positive, maxMs: positive }),
    breaker: closed({ failures: positive, openMs: positive }),
  }),
  participants: { type: 'array', items: closed({ id: { type: 'string', pattern: '^[a-z][a-z0-9-]*$' }, name: both, organizationCode: text, role: { enum: ['asker', 'holder', 'both'] } }) },
})
