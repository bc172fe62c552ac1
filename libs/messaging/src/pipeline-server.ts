import { isObservable, lastValueFrom } from 'rxjs'
import { Catch, type ArgumentsHost, type RpcExceptionFilter } from '@nestjs/common'
import { Server, type CustomTransportStrategy } from '@nestjs/microservices'
import type { Observable } from 'rxjs'
import { throwError } from 'rxjs'
import type { Decision, Handler } from './decision.js'
import { MessagingService, type ServiceOptions } from './service.js'

/**
 * Nest's door to the pipeline: handlers are found by `@Handles` on controllers, with dependency injection as everywhere in Nest; what
 * happens between the broker and a handler is the pipeline's. Handlers never throw into the transport.
 */
export class PipelineServer extends Server implements CustomTransportStrategy {
  override readonly propagatesEventHandlerErrors = true
  #service: MessagingService | undefined

  constructor(private readonly options: Omit<ServiceOptions, 'handlers'>) { super() }

  async listen(callback: (error?: unknown) => void): Promise<void> {
    try {
      const handlers = new Map<string, Handler>()
      for (const [pattern, handler] of this.messageHandlers) {
        if (handler.next) throw new Error(`two handlers for ${pattern}`)
        handlers.set(pattern, context => decisionOf(handler(context)))
      }
      this.#service = await MessagingService.start({ ...this.options, handlers })
      callback()
    } catch (error) {
      callback(error)
    }
  }

  get service(): MessagingService | undefined { return this.#service }
  async close(): Promise<void> { await this.#service?.close() }
  on(): never { throw new Error('the pipeline has no events to listen to') }
  unwrap<T>(): T { return this.#service as T }
}

async function decisionOf(result: unknown): Promise<Decision> {
  const value = await result
  return (isObservable(value) ? await lastValueFrom(value as Observable<Decision>) : value) as Decision
}

/** Lets a handler's failure reach the pipeline as it was thrown. */
@Catch()
export class HandlerFailureFilter implements RpcExceptionFilter {
  catch(exception: unknown, _host: ArgumentsHost): Observable<never> { return throwError(() => exception) }
}
