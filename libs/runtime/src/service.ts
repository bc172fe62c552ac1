import 'reflect-metadata'
import { Module, type DynamicModule, type Provider, type Type } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { HandlerFailureFilter, MessagingTables1763900000000, PgStore, PipelineServer, type EffectPerformer, type ServiceOptions } from '#messaging'
import { poolOf } from '#persistence'
import { Sealer } from '#security'
import type { AppContext, RunningApp } from './app.js'

/** Injection tokens of what every service may ask for. */
export const APP_CONTEXT = Symbol('AppContext')
export const PROVINCES = Symbol('Provinces')

export interface ServiceDefinition {
  readonly name: string
  readonly topics: readonly string[]
  /** Classes whose methods carry `@Handles`. */
  readonly controllers: readonly Type[]
  readonly providers?: readonly Provider[]
  readonly migrations?: readonly (new () => object)[]
  readonly effects?: { readonly performer: EffectPerformer; readonly limitOf: (lane: string) => number }
  readonly tuning?: ServiceOptions['tuning']
}

/** Starts a domain (or the connector): its schema, its Nest module, its pipeline. */
export async function startService(context: AppContext, definition: ServiceDefinition): Promise<RunningApp> {
  const { name, topics, effects, tuning } = definition
  const dataSource = await context.dataSource(name, [MessagingTables1763900000000, ...(definition.migrations ?? [])])
  const { transport, clock, sealer } = context
  const logger = context.logger.child({ service: name })
  const strategy = new PipelineServer({ name, topics, transport, clock, logger, store: new PgStore(poolOf(dataSource), sealer), instance: context.settings.instance, effects, tuning })
  const app = await NestFactory.createMicroservice(moduleOf(context, definition), { strategy, logger: ['error', 'warn'] })
  app.useGlobalFilters(new HandlerFailureFilter())
  await app.listen()
  return { name, close: () => app.close() }
}

@Module({})
class ServiceModule {}

const moduleOf = (context: AppContext, d: ServiceDefinition): DynamicModule => ({
  module: ServiceModule,
  controllers: [...d.controllers],
  providers: [
    { provide: APP_CONTEXT, useValue: context },
    { provide: PROVINCES, useValue: context.provinces },
    { provide: Sealer, useValue: context.sealer },
    ...(d.providers ?? []),
  ],
})
