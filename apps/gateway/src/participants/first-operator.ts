import type { Participant, ParticipantRegistry } from '#security'

export const OPERATOR: Participant = { id: 'operator', nameZh: '运营方', nameEn: 'Operator', province: null, organizationCode: '-', role: 'operator', active: true }

/** A new installation has nobody who could register anybody: the key that the environment gives opens the first operator's door. */
export async function firstOperator(registry: ParticipantRegistry, key: string): Promise<void> {
  if (!(await registry.list()).some(p => p.id === OPERATOR.id)) await registry.register(OPERATOR)
  await registry.adoptKey(OPERATOR.id, key)
}
