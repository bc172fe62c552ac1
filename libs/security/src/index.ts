export * from './evidence.js'
export * from './sealing.js'
