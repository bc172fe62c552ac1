import { Controller } from '@nestjs/common'
import { Handles, type Decision, type DecisionContext } from '#messaging'
import { discoverRules } from './discover.rules.js'
import type { ExchangeRules } from './exchange.rules.js'
import { listRules } from './list.rules.js'
import type { OpenExchange } from './record-query.case.js'
import { RecordQueryFlow } from './record-query.flow.js'
import { retrieveRules } from './retrieve.rules.js'

const RULES = { discover: discoverRules, list: listRules, retrieve: retrieveRules } satisfies Record<OpenExchange['message'], unknown>

/** Called when a case's due time passes: what is still open past its deadline ends, naming who is missing. */
@Controller()
export class DueHandler {
  constructor(private readonly flow: RecordQueryFlow) {}

  @Handles('medical-records.due')
  due(context: DecisionContext): Decision { return this.flow.due(context, exchange => RULES[exchange.message] as ExchangeRules<unknown>) }
}
