import { execFile, spawn } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { parse } from 'yaml'
import { HEALTH_PATHS, projectFolder } from '#runtime'

interface Service {
  readonly image: string
  readonly build?: { readonly context: string; readonly dockerfile: string }
  readonly command?: readonly string[]
  readonly environment: Readonly<Record<string, string>>
  readonly depends_on?: Readonly<Record<string, { condition: string }>>
  readonly healthcheck: { readonly test: readonly string[] }
}

const project = projectFolder()
const read = (path: string): string => readFileSync(join(project, path), 'utf8')
const { services } = parse(read('docker/compose.yaml'), { merge: true }) as { services: Record<string, Service> }
/** Apps that run alone over Kafka; the composition root and the command line are not among them. */
const apps = readdirSync(join(project, 'apps')).filter(app => existsSync(join(project, `apps/${app}/src/main.ts`)) && /\brunApp\(/.test(read(`apps/${app}/src/main.ts`)))
const instructions = read('docker/Dockerfile').split('\n').filter(line => /^[A-Z]+ /.test(line)).map(line => line.split(/\s+/))
const copies = instructions.filter(([word]) => word === 'COPY').map(([, ...rest]) => ({ from: rest.find(part => part.startsWith('--from='))?.slice(7), parts: rest.filter(part => !part.startsWith('--')) }))

describe('docker/compose.yaml', () => {
  it('has one service for each app, beside Kafka and PostgreSQL', () => {
    expect(Object.keys(services).sort()).toEqual([...apps, 'kafka', 'postgres'].sort())
    for (const app of apps) expect(services[app]!.command).toEqual([`dist/apps/${app}/src/main.js`])
    expect([services.kafka!.image, services.postgres!.image]).toEqual([expect.stringMatching(/^apache\/kafka:4\./), 'postgres:18'])
  })

  it('starts nothing before what it needs is healthy', () => {
    for (const { depends_on = {} } of Object.values(services)) {
      for (const [needed, { condition }] of Object.entries(depends_on)) expect([services[needed]?.healthcheck.test.length, condition]).toEqual([expect.any(Number), 'service_healthy'])
    }
    for (const app of ['gateway', 'medical-records', 'connector']) expect(Object.keys(services[app]!.depends_on ?? {})).toEqual(expect.arrayContaining(['kafka', 'postgres']))
  })

  it.each(apps)('asks %s for its health where it answers', app => {
    const { healthcheck, environment } = services[app]!
    const asked = new URL(/'(http:[^']+)'/.exec(healthcheck.test.at(-1)!)![1]!)
    expect(Object.values(HEALTH_PATHS)).toContain(asked.pathname)
    expect(asked.port).toBe(app === 'gateway' ? environment.PORT : environment.TONGQU_OPS_PORT)
  })

  it('gives every province that takes pushes an address in the simulator', () => {
    for (const [name, url] of Object.entries(services.connector!.environment).filter(([name]) => name.startsWith('TONGQU_PROVINCE_URL_'))) {
      expect(url).toBe(`http://province-simulator:${services['province-simulator']!.environment.TONGQU_SIMULATOR_PORT}/${name.slice(-6)}`)
    }
  })
})

describe('docker/Dockerfile', () => {
  const root = mkdtempSync(join(tmpdir(), 'tongqu-'))
  const build = join(root, 'build')
  const image = join(root, 'image')
  const bring = (base: string, path: string, to: string, wanted: (file: string) => boolean = () => true): void => {
    mkdirSync(dirname(join(to, path)), { recursive: true })
    cpSync(join(base, path), join(to, path), { recursive: true, filter: wanted })
  }
  const node = join(project, 'node_modules/.bin/node')

  beforeAll(async () => {
    // exactly what the first stage copies, its `npm ci` replaced by the packages that are here
    for (const { parts } of copies.slice(0, copies.findIndex(copy => copy.from))) {
      for (const path of parts.slice(0, -1)) bring(project, path, build, file => !file.endsWith('.spec.ts'))
    }
    symlinkSync(join(project, 'node_modules'), join(build, 'node_modules'))
    await promisify(execFile)('npm', ['run', 'build'], { cwd: build })
    for (const { from, parts } of copies.slice(copies.findIndex(copy => copy.from))) {
      for (const path of parts.slice(0, -1).map(part => part.replace(/^\/app\//, ''))) {
        if (path === 'node_modules') { mkdirSync(image, { recursive: true }); symlinkSync(join(project, 'node_modules'), join(image, 'node_modules')) } else bring(from ? build : project, path, image)
      }
    }
  }, 120_000)
  afterAll(() => rmSync(root, { recursive: true }))

  it('copies only what is there and what .dockerignore lets through', () => {
    const allowed = read('.dockerignore').split('\n').filter(line => line.startsWith('!')).map(line => line.slice(1))
    const sources = copies.filter(copy => !copy.from).flatMap(copy => copy.parts.slice(0, -1).map(path => path.replace(/^\.\//, '')))
    expect(sources.filter(path => !existsSync(join(project, path)))).toEqual([])
    expect(sources.filter(path => !allowed.includes(path.split('/')[0]!))).toEqual([])
  })

  it('runs scripts that package.json has', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }
    const commands = instructions.filter(([word]) => word === 'RUN').map(([, ...words]) => words.join(' '))
    expect(commands.filter(command => command.startsWith('npm '))).toEqual(['npm ci', 'npm run build', 'npm prune --omit=dev'])
    expect(scripts.build).toBeDefined()
  })

  it.each(apps)('builds %s in an empty folder', app => {
    expect(existsSync(join(image, services[app]!.command![0]!))).toBe(true)
  })

  it('makes an image whose apps start as compose starts them, and are healthy', async () => {
    const { command, environment } = services['province-simulator']!
    const env = { ...environment, HOST: '127.0.0.1', TONGQU_OPS_PORT: '0', TONGQU_SIMULATOR_PORT: '0', TONGQU_DATA_KEY: Buffer.alloc(32).toString('base64'), DATABASE_URL: 'postgres://nobody@127.0.0.1/none', TONGQU_DATA_DIR: join(root, 'data') }
    const child = spawn(node, ['--enable-source-maps', ...command!], { cwd: image, env: { ...env, PATH: process.env.PATH }, stdio: ['ignore', 'pipe', 'inherit'] })
    const ended = new Promise<number | null>(resolve => child.once('exit', resolve))
    try {
      let health = ''
      for await (const line of createInterface({ input: child.stdout })) { health = /^Health: (\S+)/.exec(line)?.[1] ?? health; if (line.startsWith('Ready: ')) break }
      expect((await fetch(new URL(HEALTH_PATHS.ready, health))).status).toBe(200)
      expect((await fetch(new URL(HEALTH_PATHS.metrics, health))).status).toBe(200)
    } finally { child.kill('SIGTERM') }
    expect(await ended).toBe(0)
  }, 30_000)
})
