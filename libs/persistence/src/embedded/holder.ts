import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { startMark } from './processes.js'

interface Holder { readonly pid: number; readonly mark: string | undefined; readonly since: string }

/**
 * One process at a time holds a data folder. Throws an Error that names the holder and the way out.
 * @returns the function that lets go again
 */
export function hold(file: string, dataDir: string): () => void {
  const mine: Holder = { pid: process.pid, mark: startMark(process.pid), since: new Date().toISOString() }
  const draft = `${file}.${process.pid}`
  writeFileSync(draft, JSON.stringify(mine), { mode: 0o600 })
  try {
    // a link either makes the complete file or fails: nobody ever reads half of it
    for (let tries = 0; ; tries++) {
      try { linkSync(draft, file); break } catch (error) { if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error }
      const other = read(file)
      if (other && isThere(other) || tries === 3) {
        throw new Error(`${dataDir} is in use by process ${other?.pid} since ${other?.since}. Stop that one, or set TONGQU_DATA_DIR to another folder for a second system.`)
      }
      discard(file, other)
    }
  } finally { rmSync(draft, { force: true }) }
  return () => { if (read(file)?.pid === process.pid) rmSync(file, { force: true }) }
}

// the same id with another start time is another process: ids come back after a restart of the machine or container
const isThere = (holder: Holder): boolean => holder.mark !== undefined && startMark(holder.pid) === holder.mark

/** Removes what a dead process left, unless another start has done so and put its own there since we looked. */
function discard(file: string, seen: Holder | undefined): void {
  const aside = `${file}.${process.pid}.old`
  try { renameSync(file, aside) } catch { return }
  if (read(aside)?.since !== seen?.since) linkSync(aside, file)
  rmSync(aside)
}

function read(file: string): Holder | undefined {
  try { return JSON.parse(readFileSync(file, 'utf8')) as Holder } catch { return undefined }
}
