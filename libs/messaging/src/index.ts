export * from './bodies.js'
export * from './decision.js'
export * from './message.js'
export * from './transport/transport.js'
