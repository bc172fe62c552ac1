/**
 * Every failure Tongqu can name, in one table. A code never changes its meaning; texts may be improved.
 *
 * `who` tells the reader whose turn it is: the sender of the document, the operator of the gateway, the target
 * province, or nobody (`retry`: the same request may simply be sent again).
 */
export type FailureFamily = 'invalid' | 'denied' | 'absent' | 'conflict' | 'limited' | 'business' | 'target' | 'infrastructure' | 'bug'
export type Who = 'sender' | 'operator' | 'target' | 'retry'

export interface FailureEntry {
  readonly family: FailureFamily
  /** HTTP status of the problem document. */
  readonly status: number
  readonly retryable: boolean
  readonly zh: string
  readonly en: string
  readonly who: Who
  /** What that party does next. */
  readonly todoZh: string
  readonly todoEn: string
}

const entry = (family: FailureFamily, status: number, retryable: boolean, who: Who, zh: string, en: string, todoZh: string, todoEn: string): FailureEntry =>
  ({ family, status, retryable, zh, en, who, todoZh, todoEn })

export const FAILURES = {
  // the document itself
  BODY_TOO_LARGE: entry('invalid', 413, false, 'sender', '报文超过大小上限', 'The body is larger than this route allows', '请拆分报文，或改用文件通道', 'Split the message or send it as a file'),
  MEDIA_TYPE_UNSUPPORTED: entry('invalid', 415, false, 'sender', '不支持该内容类型', 'This content type is not one of the dialects of this message', '请使用目录中列出的方言', 'Use a dialect that the catalogue lists'),
  ENCODING_INVALID: entry('invalid', 400, false, 'sender', '字符编码无效', 'The bytes are not valid in the declared character set', '请按声明的编码重新生成报文', 'Encode the message as declared'),
  DOCUMENT_MALFORMED: entry('invalid', 400, false, 'sender', '报文格式不完整或不正确', 'The document is malformed or truncated', '请检查报文是否完整', 'Check that the document is complete'),
  XML_DOCTYPE_FORBIDDEN: entry('invalid', 400, false, 'sender', 'XML 不得包含文档类型声明或实体', 'XML may not carry a DOCTYPE or entities', '请删除 DOCTYPE 与实体定义', 'Remove the DOCTYPE and entity definitions'),
  NESTING_TOO_DEEP: entry('invalid', 400, false, 'sender', '嵌套层级过深', 'The document is nested too deeply', '请减少嵌套层级', 'Flatten the document'),
  FIELD_MISSING: entry('invalid', 422, false, 'sender', '缺少必填项', 'A required field is missing', '请补充该字段', 'Fill in the field'),
  FIELD_INVALID: entry('invalid', 422, false, 'sender', '字段取值不符合要求', 'A field has a value that is not allowed', '请更正该字段', 'Correct the field'),
  CODE_UNKNOWN: entry('invalid', 422, false, 'sender', '代码不在代码表中', 'The code is not in the code table', '请使用代码表中的取值', 'Use a value of the code table'),
  CHECK_DIGIT_WRONG: entry('invalid', 422, false, 'sender', '校验码不正确', 'The check digit is wrong', '请核对证件号码', 'Check the number against the document'),
  ROW_COUNT_WRONG: entry('invalid', 422, false, 'sender', '文件尾记录数或摘要不一致', 'The trailer does not agree with the rows', '请重新生成文件', 'Produce the file again'),
  DIALECT_MISMATCH: entry('invalid', 422, false, 'sender', '报文不属于该业务或版本', 'The document belongs to another message or version', '请核对交换地址与报文类型', 'Check the address against the document'),
  HEADER_INVALID: entry('invalid', 400, false, 'sender', '请求头取值无效', 'A request header has an invalid value', '请按目录说明填写请求头', 'Fill in the header as the catalogue describes'),
  HEADER_CONTRADICTS_BODY: entry('invalid', 422, false, 'sender', '请求头与报文内容不一致', 'A header contradicts the document', '请使二者一致或只保留其一', 'Make both agree, or send one of them'),
  // who asks, and why
  NOT_AUTHENTICATED: entry('denied', 401, false, 'sender', '未提供有效的接口密钥', 'No valid API key', '请在 Authorization 头中提供密钥', 'Send the key in the Authorization header'),
  KEY_REVOKED: entry('denied', 401, false, 'sender', '接口密钥已停用', 'This API key was revoked or has expired', '请向运营方申请新密钥', 'Ask the operator for a new key'),
  RIGHT_MISSING: entry('denied', 403, false, 'sender', '该机构无权进行此项交换', 'This participant has no right to this exchange', '请向运营方申请权限', 'Ask the operator for the right'),
  ACCESS_DENIED: entry('denied', 403, false, 'sender', '未获准调阅该患者信息', 'Access to this person’s records is not permitted', '请按所列原因补正后重新发起', 'Remedy the reasons listed and ask again'),
  PURPOSE_MISSING: entry('denied', 422, false, 'sender', '缺少使用目的', 'The purpose of use is missing', '请填写使用目的', 'State the purpose'),
  REQUESTER_MISSING: entry('denied', 422, false, 'sender', '缺少请求人', 'The requester is missing', '请填写请求人与机构', 'Name the person and the organisation'),
  BASIS_MISSING: entry('denied', 422, false, 'sender', '缺少知情同意或法律依据', 'Neither consent nor a legal basis is given', '请填写知情同意编号或法律依据', 'Give the consent reference or the legal basis'),
  PROVINCE_UNKNOWN: entry('invalid', 422, false, 'sender', '未知的目标省份', 'The target province is not known here', '请使用目录中的省份代码', 'Use a province code of the catalogue'),
  EXCHANGE_UNKNOWN: entry('absent', 404, false, 'sender', '没有该交换或无权查看', 'There is no such exchange, or it is not yours', '请核对交换地址或编号', 'Check the address or id'),
  ROUTE_UNKNOWN: entry('absent', 404, false, 'sender', '没有该地址', 'There is nothing at this address', '请查看 /docs 中的地址', 'See /docs for the addresses'),
  REPLY_NOT_READY: entry('absent', 404, true, 'retry', '回复尚未产生', 'There is no reply yet', '请稍后再试', 'Ask again later'),
  NOT_ACCEPTABLE: entry('invalid', 406, false, 'sender', '无法以所要求的格式提供', 'The reply cannot be given in that format', '请使用目录中列出的格式', 'Accept a format that the catalogue lists'),
  IDEMPOTENCY_CONFLICT: entry('conflict', 409, false, 'sender', '同一幂等键对应不同报文', 'The same Idempotency-Key came with other bytes', '请为新报文使用新的幂等键', 'Use a new key for a new message'),
  RATE_LIMITED: entry('limited', 429, true, 'retry', '请求过于频繁', 'Too many requests', '请按 Retry-After 稍后再试', 'Wait as long as Retry-After says'),
  OVERLOADED: entry('limited', 503, true, 'retry', '系统繁忙', 'The gateway is catching up and takes no new work', '请按 Retry-After 稍后再试', 'Wait as long as Retry-After says'),
  // the pipeline and the targets
  TARGET_UNAVAILABLE: entry('target', 504, true, 'target', '目标省系统不可用', 'The target province cannot be reached', '请联系目标省', 'The target province restores its system'),
  TARGET_TIMEOUT: entry('target', 504, true, 'target', '目标省未在时限内答复', 'The target province did not answer in time', '请联系目标省', 'The target province answers faster'),
  TARGET_ANSWER_INVALID: entry('target', 502, false, 'target', '目标省的答复无效', 'The target province sent an answer that is not valid', '请目标省更正其答复', 'The target province corrects its answer'),
  SEQUENCE_GAP: entry('conflict', 409, true, 'sender', '同一业务的前序报文未到达', 'An earlier message of this case has not arrived', '请补发缺失的报文', 'Send the missing message'),
  SEQUENCE_TAKEN: entry('conflict', 409, false, 'sender', '该业务的此序号已用过', 'This sequence number was used in this case before', '请使用下一个序号', 'Use the next number'),
  CASE_BLOCKED: entry('conflict', 409, false, 'operator', '该业务等待人工处理', 'The case waits for an operator', '运营方处理死信后继续', 'The operator repairs the dead letter'),
  STATE_FORBIDS: entry('business', 409, false, 'sender', '业务状态不允许此操作', 'The state of the case does not allow this', '请先查询业务状态', 'Look at the state of the case first'),
  EXCHANGE_EXPIRED: entry('target', 504, false, 'operator', '交换超过时限未完成', 'The exchange did not finish in time', '请查看步骤并重新发起', 'Look at its steps and start again'),
  DEAD_LETTER_UNKNOWN: entry('absent', 404, false, 'operator', '没有该死信', 'There is no such dead letter', '请核对编号', 'Check the id'),
  PARTICIPANT_UNKNOWN: entry('absent', 404, false, 'operator', '没有该参与机构', 'There is no such participant', '请核对编号', 'Check the id'),
  PARTICIPANT_EXISTS: entry('conflict', 409, false, 'operator', '该参与机构已登记', 'This participant is registered already', '请使用其他编号', 'Use another id'),
  API_KEY_UNKNOWN: entry('absent', 404, false, 'operator', '该机构没有此密钥', 'This participant has no such key', '请核对密钥编号', 'Check the id of the key'),
  INBOX_ITEM_UNKNOWN: entry('absent', 404, false, 'sender', '收件箱中没有该报文', 'There is no such item in your inbox', '请核对编号', 'Check the id'),
  HANDLER_MISSING: entry('bug', 500, false, 'operator', '没有处理该消息的程序', 'Nothing handles this type of message', '请检查部署版本', 'Check the deployed versions'),
  INFRASTRUCTURE: entry('infrastructure', 503, true, 'retry', '基础设施暂时不可用', 'A part of the infrastructure is unavailable', '请稍后再试', 'Try again later'),
  INTERNAL: entry('bug', 500, false, 'operator', '内部错误', 'An internal error', '请将编号告知运营方', 'Tell the operator the id'),
} as const satisfies Record<string, FailureEntry>

export type FailureCode = keyof typeof FAILURES
export const FAILURE_CODES = Object.keys(FAILURES) as FailureCode[]
