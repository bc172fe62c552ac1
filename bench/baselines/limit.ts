import { execFile } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

export interface LimitRun { readonly variant: string; readonly c: number; readonly perSec: number; readonly p50: number; readonly p99: number; readonly usTotal: number; readonly otherPct: number }

/**
 * Runs the bare mechanics of an exchange (`run.mjs` of the given folder) with this Node, these jars and our PostgreSQL settings.
 * Its own packages are installed by itself unless `deps` holds a node_modules folder with them.
 */
export async function runLimit(dir: string, jars: string, variants: readonly string[], inFlight: readonly number[], pg: Readonly<Record<string, string>>): Promise<LimitRun[]> {
  if (!existsSync(join(dir, 'run.mjs'))) throw new Error(`${dir} has no run.mjs`)
  const work = mkdtempSync(join(tmpdir(), 'tongqu-limit-'))
  // PostgreSQL runs as another user than root and must reach its binaries
  chmodSync(work, 0o755)
  const out = join(work, 'out.json')
  try {
    const args = [join(dir, 'run.mjs'), '--kafka-lib', jars, '--work', join(work, 'run'), '--c', inFlight.join(), '--secs', '10', '--out', out, ...variants.flatMap(v => ['--variant', v]), ...Object.entries(pg).flatMap(([k, v]) => ['--pg', `${k}=${v}`])]
    await promisify(execFile)(process.execPath, args, { maxBuffer: 64 << 20, timeout: 900_000 })
    return (JSON.parse(readFileSync(out, 'utf8')) as { results: LimitRun[] }).results
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}
