import { defineSchema } from '../exchange.js'
import { DocumentBundle } from './fhir.schema.js'

/** Both are FHIR document bundles; what their Composition must be is checked by rules of the bundle's own (`document.rules.ts`). */
export const labReport = defineSchema('lab-report', 1, { zh: '检验报告', en: 'Laboratory report' }, DocumentBundle)
export const dischargeSummary = defineSchema('discharge-summary', 1, { zh: '出院小结', en: 'Discharge summary' }, DocumentBundle)
