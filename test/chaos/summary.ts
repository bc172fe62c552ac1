import type { ChaosReport } from './chaos.js'

/** A run in a few lines; of each broken rule the first cases. */
export function summary({ strikes, exchanges, partial, evidenceRows, ms, violations }: ChaosReport): string {
  const recoveries = strikes.map(s => `${s.target}${s.wiped ? ' without its data' : ''} ${(s.recoveredMs / 1000).toFixed(1)} s`)
  const broken = Object.entries(violations).flatMap(([rule, cases]) => [`BROKEN: ${rule} (${cases.length})`, ...cases.slice(0, 10).map(c => `  ${c}`)])
  return [
    `${strikes.length} kills, ${exchanges} exchanges (${partial} partial), ${evidenceRows} evidence rows, ${(ms / 1000).toFixed(0)} s`,
    `an exchange went through again after: ${recoveries.join(', ')}`, ...broken,
  ].join('\n')
}
