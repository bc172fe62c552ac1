import { CommandFailure, EXIT } from '../command-failure.js'
import { duration } from '../terminal/layout.rules.js'
import { style } from '../terminal/print.js'

/** One thing that happened, as the report keeps it. */
export interface Told {
  readonly act: string
  readonly zh: string
  readonly en: string
  readonly ms: number
  /** The story says what must come of it; false when something else came. */
  readonly asTold: boolean
  readonly exchange?: string
  readonly found: readonly string[]
}

const WAITING_SHOWN_AFTER_MS = 1500

/** Tells the story while it happens: Chinese first, English beside it. Keeps everything for `--json`. */
export class Narrator {
  readonly told: Told[] = []
  #act = ''
  #number = 0

  constructor(private readonly quiet: boolean) {}

  line(text = ''): void { if (!this.quiet) console.log(text) }

  act(zh: string, en: string): void {
    this.#act = en
    this.line()
    this.line(`${style.title(zh)}  ${style.quiet(en)}`)
  }

  /** Says what is about to happen, does it, and says what came of it and how long it took. */
  async step(zh: string, en: string, happen: () => Promise<Omit<Told, 'act' | 'zh' | 'en' | 'ms'>>): Promise<void> {
    this.line()
    this.line(`${style.strong(String(++this.#number).padStart(2))}  ${zh}  ${style.quiet(en)}`)
    const began = performance.now()
    const stop = this.#tick(began)
    let outcome: Omit<Told, 'act' | 'zh' | 'en' | 'ms'>
    try {
      outcome = await happen()
    } catch (error) {
      // a refusal is told as a step gone wrong; without a gateway there is no story to go on with
      if (!(error instanceof CommandFailure) || error.exitCode !== EXIT.failed) throw error
      outcome = { asTold: false, found: error.message.split('\n') }
    } finally { stop() }
    const ms = Math.round(performance.now() - began)
    for (const found of outcome.found) this.line(`    ${found}`)
    const mark = outcome.asTold ? style.good('✓') : style.bad('✗ 与预期不符 not as the story says')
    this.line(`    ${mark} ${style.quiet([duration(ms), outcome.exchange && `exchange ${outcome.exchange}`].filter(Boolean).join(' · '))}`)
    this.told.push({ act: this.#act, zh, en, ms, ...outcome })
  }

  /** A wait that lasts is visible: a running clock on a terminal, one line elsewhere. */
  #tick(began: number): () => void {
    if (this.quiet) return () => undefined
    const live = process.stdout.isTTY
    let shown = false
    const timer = setInterval(() => {
      const ms = performance.now() - began
      if (ms < WAITING_SHOWN_AFTER_MS || (shown && !live)) return
      shown = true
      const text = style.quiet(`    … 等待中 waiting ${live ? duration(ms) : ''}`)
      process.stdout.write(live ? `\r${text}` : `${text}\n`)
    }, 250)
    return () => {
      clearInterval(timer)
      if (shown && live) process.stdout.write('\r\u001b[K')
    }
  }
}
