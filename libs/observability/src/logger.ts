import { pino, type Logger as PinoLogger } from 'pino'

export type Logger = PinoLogger
/** JSON lines on stderr. Callers log ids, codes and counts, never content. */
export const createLogger = (service: string, level = 'info'): Logger => pino({ base: { service }, level }, pino.destination({ fd: 2, sync: false }))
export const silentLogger: Logger = pino({ level: 'silent' })
