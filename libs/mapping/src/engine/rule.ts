import type { Members } from './canonical-path.js'
import type { Run } from './run.js'

/** What became of one field. */
export type Status = 'absent' | 'done' | 'problem'

/** A compiled rule, both directions. `quiet`: a problem is not reported, since another alternative is to be tried. */
export interface Rule<N> {
  read(scope: N, target: Members, run: Run, quiet?: boolean): Status
  write(source: Members, scope: N, run: Run, quiet?: boolean): Status
}

export type Condition = (canonical: Members) => boolean
