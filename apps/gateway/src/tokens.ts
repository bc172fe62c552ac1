/** Injection tokens of what the edge is given. */
export const EXCHANGE_STORE = Symbol('ExchangeStore')
export const OPERATIONS_STORE = Symbol('OperationsStore')
export const EDGE = Symbol('Edge')
