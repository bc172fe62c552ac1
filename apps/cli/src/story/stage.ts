import type { GatewayClient } from '../gateway/gateway-client.js'
import type { Asker } from './asker.js'
import type { Narrator } from './narrator.js'
import type { Simulators } from './simulators.js'

/** What an act may use. */
export interface Stage {
  readonly asker: Asker
  readonly operator: GatewayClient
  readonly simulators?: Simulators
  readonly narrator: Narrator
  /** Opens the gateway and permits nothing. */
  readonly keyWithoutRight?: string
  /** A native request of Fujian’s clinician, by the name of its file. */
  readonly request: (name: string) => string
}
