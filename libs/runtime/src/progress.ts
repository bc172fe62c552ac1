/** Writes a line that says what happens now and how long this process has run: `  1.2 s  creating the database cluster`. */
export type Progress = (line: string) => void

export function createProgress(out: NodeJS.WritableStream = process.stdout): Progress {
  return line => void out.write(`${(performance.now() / 1000).toFixed(1).padStart(5)} s  ${line}\n`)
}
