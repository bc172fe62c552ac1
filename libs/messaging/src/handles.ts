import { EventPattern } from '@nestjs/microservices'

/** Marks a controller's method as the handler of one message type, or of several. Its one argument is the `DecisionContext`, its result the `Decision`. */
export const Handles = (type: string | readonly string[]): MethodDecorator => EventPattern(type) as MethodDecorator
