import { Command, Option } from 'commander'
import { CommandFailure, EXIT, unusable } from '../command-failure.js'
import { connectionOf, type ConnectionOptions } from '../gateway/connection.js'
import { GatewayClient } from '../gateway/gateway-client.js'
import { table } from '../terminal/layout.rules.js'
import { style, tell } from '../terminal/print.js'
import { granted, withdrawn, type Right } from './rights.rules.js'

interface Participant {
  readonly id: string
  readonly name: string
  /** Null: an operator belongs to none. */
  readonly province: string | null
  readonly organizationCode: string
  readonly role: string
  readonly active: boolean
  readonly keys: readonly { readonly id: string; readonly expiresAt: string | null; readonly revokedAt?: string | null }[]
  readonly rights: readonly Right[]
}
interface IssuedKey { readonly id: string; readonly key: string; readonly expiresAt?: string | null }

const ROUTE = '/v1/participants'
const path = (...parts: string[]): string => [ROUTE, ...parts.map(encodeURIComponent)].join('/')
const operatorOf = (command: Command): { client: GatewayClient; json?: boolean } => {
  const o = command.optsWithGlobals<ConnectionOptions & { json?: boolean }>()
  return { client: new GatewayClient(connectionOf(o, 'operator')), json: o.json }
}
const all = async (client: GatewayClient): Promise<Participant[]> => (await client.json<{ participants: Participant[] }>(ROUTE)).participants

export function participantsCommand(): Command {
  return new Command('participants')
    .description('who may exchange: organisations, their keys, their rights')
    .addCommand(listCommand()).addCommand(addCommand()).addCommand(keyCommand()).addCommand(rightCommand())
    .addHelpText('after', `
Examples:
  tongqu participants list
  tongqu participants add lishui-hospital --name 丽水市示范医院 --province 330000 --organization-code 47005168933110011A1001
  tongqu participants key issue lishui-hospital            the key is shown once, and never again
  tongqu participants key rotate lishui-hospital <key id>  a new key; the old one still works for a day
  tongqu participants key revoke lishui-hospital <key id>  ends it at once
  tongqu participants right grant lishui-hospital --exchange medical-records.discover --to 350000 --purpose TREAT`)
}

const listCommand = (): Command => new Command('list').description('every participant with its keys and rights').action(async (_own: unknown, command: Command) => {
  const { client, json } = operatorOf(command)
  tell(json, await all(client), participants => table(
    ['id', 'name', 'province', 'role', 'keys', 'rights'],
    participants.map(p => [p.id, p.name, p.province ?? '', p.active ? p.role : `${p.role}, not active`, p.keys.map(keyText).join(', ') || 'none', p.rights.map(r => `${r.exchange} → ${r.province} (${r.purposes.join(' ')})`).join(', ') || 'none']),
  ))
})

const keyText = (k: Participant['keys'][number]): string => (k.revokedAt ? `${k.id} revoked` : k.expiresAt ? `${k.id} until ${k.expiresAt.slice(0, 16)}` : k.id)

const addCommand = (): Command => new Command('add')
  .description('register an organisation; it has no key and no right yet')
  .argument('<id>', 'its id here: lower-case letters, digits and dashes')
  .requiredOption('--name <name>', 'its name')
  .option('--name-en <name>', 'its name in English')
  .option('--province <code>', 'its province (GB/T 2260): its dialect is that province’s; an operator has none')
  .requiredOption('--organization-code <code>', 'unified social credit code, organisation code or the province’s own')
  .addOption(new Option('--role <role>', 'what it does').choices(['asker', 'holder', 'both', 'operator']).default('both'))
  .action(async (id: string, own: { name: string; nameEn?: string; province?: string; organizationCode: string; role: string }, command: Command) => {
    const { client, json } = operatorOf(command)
    const added = await client.send<Participant>('POST', ROUTE, { id, ...own })
    tell(json, added, p => [style.good(`${p.id} is registered.`), `Next: tongqu participants key issue ${p.id}`])
  })

function keyCommand(): Command {
  const shown = (json: boolean | undefined, issued: IssuedKey) => tell(json, issued, k => [
    `${style.strong('key')}     ${k.key}`, `${style.strong('key id')}  ${k.id}`, ...(k.expiresAt ? [`${style.strong('until')}   ${k.expiresAt}`] : []),
    style.warn('Keep it now: only its hash is stored, nobody can show it again.'),
  ])
  const issue = new Command('issue').description('a new key, shown once').argument('<participant>').option('--expires <instant>', 'ISO 8601; without it the key works until it is revoked')
    .action(async (id: string, own: { expires?: string }, command: Command) => {
      const { client, json } = operatorOf(command)
      shown(json, await client.send<IssuedKey>('POST', path(id, 'keys'), { expiresAt: own.expires }))
    })
  const rotate = new Command('rotate').description('replace a key; the old one works until the overlap ends').argument('<participant>').argument('<key id>').option('--overlap <seconds>', 'how long the old key still works (default: a day)')
    .action(async (id: string, key: string, own: { overlap?: string }, command: Command) => {
      const { client, json } = operatorOf(command)
      const overlapSeconds = own.overlap === undefined ? undefined : Number(own.overlap)
      if (overlapSeconds !== undefined && !Number.isSafeInteger(overlapSeconds)) throw unusable('--overlap takes whole seconds.')
      shown(json, await client.send<IssuedKey>('POST', path(id, 'keys', key, 'rotate'), { overlapSeconds }))
    })
  const revoke = new Command('revoke').description('end a key at once').argument('<participant>').argument('<key id>').action(async (id: string, key: string, _own: unknown, command: Command) => {
    const { client, json } = operatorOf(command)
    await client.send('DELETE', path(id, 'keys', key))
    tell(json, { participant: id, key, revoked: true }, () => [style.good(`${key} no longer opens anything.`)])
  })
  return new Command('key').description('issue, rotate and revoke keys').addCommand(issue).addCommand(rotate).addCommand(revoke)
}

interface RightOptions { readonly exchange: string; readonly to: string; readonly purpose?: readonly string[] }

function rightCommand(): Command {
  const change = (name: string, description: string) => new Command(name).description(description).argument('<participant>')
    .requiredOption('--exchange <name>', 'e.g. medical-records.discover, or * for all')
    .requiredOption('--to <province>', 'province that may be asked, or *')
  const apply = async (id: string, command: Command, change: (rights: readonly Right[]) => Right[]): Promise<void> => {
    const { client, json } = operatorOf(command)
    const found = (await all(client)).find(p => p.id === id)
    if (!found) throw new CommandFailure(`There is no participant ${id}.`, EXIT.failed, { wayOut: 'tongqu participants list' })
    const rights = change(found.rights)
    await client.send('PUT', path(id, 'rights'), { rights })
    tell(json, { participant: id, rights }, r => [style.good(`${id} may now:`), ...(r.rights.length ? r.rights.map(x => `  ${x.exchange} → ${x.province} for ${x.purposes.join(', ')}`) : ['  nothing'])])
  }
  return new Command('right').description('which exchange it may use towards which province, and why')
    .addCommand(change('grant', 'allow').requiredOption('--purpose <code...>', 'TREAT, ETREAT, PUBHLTH, PATRQT, or *')
      .action((id: string, own: RightOptions, command: Command) => apply(id, command, rights => granted(rights, { exchange: own.exchange, province: own.to, purposes: own.purpose! }))))
    .addCommand(change('withdraw', 'no longer allow').action((id: string, own: RightOptions, command: Command) => apply(id, command, rights => {
      const left = withdrawn(rights, { exchange: own.exchange, province: own.to })
      if (!left) throw new CommandFailure(`${id} has no right ${own.exchange} → ${own.to}.`, EXIT.failed, { wayOut: 'tongqu participants list' })
      return left
    })))
}
