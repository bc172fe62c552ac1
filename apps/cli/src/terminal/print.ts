import { styleText } from 'node:util'

/** Colours by meaning. They vanish where the output is no terminal, or `NO_COLOR` is set. */
export const style = {
  strong: (text: string): string => styleText('bold', text),
  quiet: (text: string): string => styleText('gray', text),
  good: (text: string): string => styleText('green', text),
  warn: (text: string): string => styleText('yellow', text),
  bad: (text: string): string => styleText('red', text),
  title: (text: string): string => styleText(['bold', 'cyan'], text),
  part: (text: string, n: number): string => styleText((['cyan', 'magenta', 'blue', 'green', 'yellow'] as const)[n % 5]!, text),
}

export const printLines = (lines: readonly string[]): void => { for (const line of lines) console.log(line) }
export const printJson = (value: unknown): void => console.log(JSON.stringify(value, null, 2))

/** One answer, told in the way the caller asked for. */
export function tell<T>(json: boolean | undefined, value: T, lines: (value: T) => readonly string[]): void {
  if (json) printJson(value)
  else printLines(lines(value))
}
