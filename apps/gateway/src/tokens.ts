/** Injection token of what the HTTP edge stands on. */
export const EDGE = Symbol('Edge')
