import { startService, type StartApp } from '#runtime'
import { topics } from '#schemas'
import { DiscoverHandler } from './record-query/discover.handler.js'
import { DueHandler } from './record-query/due.handler.js'
import { ListHandler } from './record-query/list.handler.js'
import { RecordQueryFlow } from './record-query/record-query.flow.js'
import { RetrieveHandler } from './record-query/retrieve.handler.js'

/** The domain of medical records: record query and retrieval across provinces. */
export const start: StartApp = context => startService(context, {
  name: 'medical-records', topics: [topics.domain('medical-records')], controllers: [DiscoverHandler, ListHandler, RetrieveHandler, DueHandler],
  providers: [{ provide: RecordQueryFlow, useValue: new RecordQueryFlow(context.sealer, context.provinces) }],
})
