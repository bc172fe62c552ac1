export * from './app.js'
export * from './settings.js'
