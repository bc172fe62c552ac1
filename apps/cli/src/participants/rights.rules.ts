/** What a participant may ask (exchange), of whom (province) and why (purposes); `*` stands for all. */
export interface Right {
  readonly exchange: string
  readonly province: string
  readonly purposes: readonly string[]
}

const same = (a: Pick<Right, 'exchange' | 'province'>, b: Pick<Right, 'exchange' | 'province'>): boolean => a.exchange === b.exchange && a.province === b.province

/** All rights with this one among them; purposes of the same exchange and province are joined. */
export function granted(rights: readonly Right[], right: Right): Right[] {
  const before = rights.find(r => same(r, right))
  return [...rights.filter(r => !same(r, right)), { ...right, purposes: [...new Set([...before?.purposes ?? [], ...right.purposes])] }]
}

/** All rights without this one; undefined when there is none such. */
export function withdrawn(rights: readonly Right[], right: Pick<Right, 'exchange' | 'province'>): Right[] | undefined {
  return rights.some(r => same(r, right)) ? rights.filter(r => !same(r, right)) : undefined
}
