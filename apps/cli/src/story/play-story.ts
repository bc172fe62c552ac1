import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { GatewayClient } from '../gateway/gateway-client.js'
import { projectFolder } from '../gateway/connection.js'
import { denied } from './acts/denied.js'
import { fiveAnswers } from './acts/five-answers.js'
import { firstJourney } from './acts/first-journey.js'
import { partialAnswers } from './acts/partial-answers.js'
import { Asker } from './asker.js'
import { Narrator, type Told } from './narrator.js'
import { Simulators } from './simulators.js'
import type { Stage } from './stage.js'

export const ACTS = { journey: firstJourney, answers: fiveAnswers, partial: partialAnswers, denied } as const
export type ActName = keyof typeof ACTS

export interface StoryOptions {
  readonly asker: GatewayClient
  readonly operator: GatewayClient
  /** Base URLs of pretend provinces by code; without them the acts that need a province in trouble are left out, and say so. */
  readonly provinces?: Readonly<Record<string, string>>
  /** Key of a participant of the same province that has no right. */
  readonly keyWithoutRight?: string
  readonly acts?: readonly ActName[]
  /** Nothing is printed; the report tells all. */
  readonly quiet?: boolean
}

export interface StoryReport {
  readonly asTold: boolean
  readonly ms: number
  readonly steps: readonly Told[]
}

/** Who asks in the story, and where its native requests lie in the project. */
export const ASKER = { participant: 'ningde-hospital', province: '350000', contentType: 'application/xml; charset=utf-8', requests: 'libs/provinces/fujian/fixtures/requests' } as const

/** Plays the story of one patient’s record against a running gateway, on hand-written native documents. */
export async function playStory(o: StoryOptions): Promise<StoryReport> {
  const began = performance.now()
  const narrator = new Narrator(o.quiet ?? false)
  const stage: Stage = {
    asker: new Asker(o.asker, ASKER.contentType), operator: o.operator, narrator, keyWithoutRight: o.keyWithoutRight,
    simulators: o.provinces && new Simulators(o.provinces),
    request: name => readFileSync(join(projectFolder, ASKER.requests, `${name}.xml`), 'utf8'),
  }
  for (const name of o.acts ?? (Object.keys(ACTS) as ActName[])) await ACTS[name](stage)
  return { asTold: narrator.told.every(t => t.asTold), ms: Math.round(performance.now() - began), steps: narrator.told }
}
