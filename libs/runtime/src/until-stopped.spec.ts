import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { describe, expect, it } from '@jest/globals'
import { projectFolder } from './project.js'

interface Life { readonly child: ChildProcess; out(): string; err(): string; readonly exit: Promise<number | null>; says(text: string): Promise<void> }

/** A process that runs `body` inside `runUntilStopped(async scope => { … }, limitMs)`. */
function live(body: string, limitMs = 500): Life {
  const code = `import { runUntilStopped } from './libs/runtime/src/until-stopped.ts'
    const say = text => process.stdout.write(text + ' ')
    await runUntilStopped(async scope => { ${body} }, ${limitMs})`
  const child = spawn(process.execPath, ['--conditions=tongqu', '--import', './libs/runtime/typescript.mjs', '--input-type=module', '-e', code], { cwd: projectFolder(), stdio: ['ignore', 'pipe', 'pipe', 'ipc'] })
  let out = '', err = ''
  child.stdout!.on('data', chunk => { out += chunk })
  child.stderr!.on('data', chunk => { err += chunk })
  // not "close": a child whose channel was cut never tells it
  const exit = Promise.all([once(child, 'exit'), once(child.stdout!, 'end'), once(child.stderr!, 'end')]).then(([[status]]) => status as number | null)
  const says = async (text: string): Promise<void> => { while (!out.includes(text)) await once(child.stdout!, 'data') }
  return { child, exit, says, out: () => out, err: () => err }
}
const STAYS = 'setInterval(() => {}, 1000); say("up")'
const CLOSES = 'scope.closes("a", async () => say("a")); scope.closes("b", async () => say("b"));'

describe('runUntilStopped', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('closes what was opened, the latest first, on %s', async signal => {
    const { child, exit, says, out } = live(`${CLOSES} ${STAYS}`)
    await says('up')
    child.kill(signal)
    expect([await exit, out()]).toEqual([0, 'up b a '])
  })

  it('ends when its parent is gone', async () => {
    const { child, exit, says, out } = live(`${CLOSES} ${STAYS}`)
    await says('up')
    child.disconnect()
    expect([await exit, out()]).toEqual([0, 'up b a '])
  })

  it('closes what was opened when the start fails, and says why without a stack', async () => {
    const { exit, out, err } = live(`${CLOSES} throw new Error("the port is taken")`)
    expect([await exit, out(), err()]).toEqual([1, 'b a ', 'the port is taken\n'])
  })

  it('goes on closing when one of them fails, and tells', async () => {
    const { child, exit, says, out, err } = live(`scope.closes("a", async () => say("a")); scope.closes("b", async () => { throw new Error("stuck") }); ${STAYS}`)
    await says('up')
    child.kill('SIGTERM')
    expect([await exit, out()]).toEqual([1, 'up a '])
    expect(err()).toContain('stuck')
  })

  it('gives up when closing takes too long', async () => {
    const { child, exit, says, err } = live(`scope.closes("slow", () => new Promise(() => {})); ${STAYS}`)
    await says('up')
    child.kill('SIGTERM')
    expect(await exit).toBe(1)
    expect(err()).toContain('closing took too long')
  })

  it('ends at once when asked a second time, but takes one Ctrl-C that arrives twice for one', async () => {
    const { child, exit, says, out, err } = live(`scope.closes("slow", () => { say("closing"); setTimeout(say, 600, "later"); return new Promise(() => {}) }); ${STAYS}`, 10_000)
    await says('up')
    child.kill('SIGINT')
    await says('closing')
    child.kill('SIGINT')
    await says('later')
    child.kill('SIGINT')
    expect([await exit, out(), err()]).toEqual([1, 'up closing later ', ''])
  })

  it('takes a rejection that nobody waits for as fatal, and still closes', async () => {
    const { exit, out, err } = live(`${CLOSES} ${STAYS}; Promise.reject(new Error("a bug"))`)
    expect([await exit, out()]).toEqual([1, 'up b a '])
    expect(err()).toContain('a bug')
  })
})
