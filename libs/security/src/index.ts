export * from './sealing.js'
