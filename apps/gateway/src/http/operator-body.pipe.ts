import { plainToInstance } from 'class-transformer'
import { validateSync, type ValidationError } from 'class-validator'
import type { ArgumentMetadata, PipeTransform } from '@nestjs/common'
import { Failure, fault, type Fault } from '#kernel'

/** Reads an operator's JSON body into its DTO class; bytes come in as they are on every route. All faults at once. */
export class OperatorBody implements PipeTransform {
  transform(value: unknown, { metatype }: ArgumentMetadata): unknown {
    const body = parse(value instanceof Buffer ? value : Buffer.from('{}'))
    const dto = plainToInstance(metatype!, body, { enableImplicitConversion: false })
    const errors = validateSync(dto as object, { whitelist: true, forbidNonWhitelisted: true, forbidUnknownValues: true })
    const faults = faultsOf(errors)
    if (faults[0]) throw new Failure(faults[0].code, faults)
    return dto
  }
}

function parse(bytes: Buffer): object {
  try {
    const body: unknown = JSON.parse(bytes.toString('utf8'))
    if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body
  } catch { /* named below */ }
  throw new Failure('DOCUMENT_MALFORMED', [fault('DOCUMENT_MALFORMED', '', { zh: '应为 JSON 对象', en: 'a JSON object is expected' })])
}

const faultsOf = (errors: readonly ValidationError[], at = ''): Fault[] => errors.flatMap(e => {
  const pointer = `${at}/${e.property}`
  if (e.children?.length) return faultsOf(e.children, pointer)
  const rules = Object.values(e.constraints ?? {}).join('; ')
  return [fault(e.value === undefined ? 'FIELD_MISSING' : 'FIELD_INVALID', pointer, { zh: rules, en: rules })]
})
