import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname } from 'node:path'

/** The account that the server runs as, when that is not our own: PostgreSQL refuses to run as root. */
export interface Account { readonly uid: number; readonly gid: number }

/**
 * Our own account (undefined) unless we are root; then whoever owns `folder` already, else `postgres`, else `nobody`.
 * The account must have an entry in /etc/passwd, since `initdb` looks its name up.
 */
export function serverAccount(folder: string, passwd = '/etc/passwd'): Account | undefined {
  if (process.getuid?.() !== 0) return undefined
  if (existsSync(folder)) {
    const { uid, gid } = statSync(folder)
    if (uid !== 0) return { uid, gid }
  }
  const entries = readFileSync(passwd, 'utf8').split('\n').map(line => line.split(':'))
  const entry = entries.find(([name]) => name === 'postgres') ?? entries.find(([name]) => name === 'nobody')
  if (!entry) throw new Error('PostgreSQL refuses to run as root, and this machine has neither a user "postgres" nor "nobody". Start as an ordinary user, or set DATABASE_URL.')
  return { uid: Number(entry[2]), gid: Number(entry[3]) }
}

/** Whether the account may enter `folder`: every folder on the way lets it pass. Access lists are not looked at. */
export const canEnter = (account: Account, folder: string): boolean =>
  permits(account, folder, 0o1) && (dirname(folder) === folder || canEnter(account, dirname(folder)))

/** Whether the account may read the file or list the folder, and run it if it is a program. */
export function canUse(account: Account, path: string): boolean {
  const runs = (statSync(path).mode & 0o111) !== 0
  return permits(account, path, runs ? 0o5 : 0o4) && canEnter(account, dirname(path))
}

function permits(account: Account, path: string, bits: number): boolean {
  const { mode, uid, gid } = statSync(path)
  const shift = uid === account.uid ? 6 : gid === account.gid ? 3 : 0
  return ((mode >> shift) & bits) === bits
}
