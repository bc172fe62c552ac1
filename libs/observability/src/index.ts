export * from './logger.js'
export * from './metrics.js'
export * from './personal-data.js'
export * from './traceparent.js'
