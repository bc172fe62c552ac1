export * from './loader.js'
export * from './profile.js'
