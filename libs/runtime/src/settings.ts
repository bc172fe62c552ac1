/** Everything the environment may say, read once and typed. Only this library reads `process.env`. */
export interface Settings {
  /** `embedded`: own PostgreSQL and memory transport unless told otherwise; demo participants exist. */
  readonly mode: 'embedded' | 'servers'
  /** TONGQU_DATA_DIR; default `.tongqu` in the project's folder (embedded PostgreSQL, key file, logs of children). */
  readonly dataDir: string
  /** DATABASE_URL, or undefined: embedded PostgreSQL. */
  readonly databaseUrl: string | undefined
  /** DATABASE_URL_<SERVICE> (service in capitals, dashes as underscores): a database of its own for one service. */
  readonly databaseUrls: Readonly<Record<string, string>>
  /** DATABASE_POOL_SIZE: connections of each service in each process; default 10. */
  readonly databasePoolSize: number
  /** KAFKA_BROKERS, or empty: memory transport. */
  readonly kafkaBrokers: readonly string[]
  /** Session timeout of consumers; short for a local broker. */
  readonly kafkaSessionTimeoutMs: number
  readonly kafkaPartitions: number
  /** TONGQU_INSTANCE: number of this process among those of its service, from 0. */
  readonly instance: number
  /** HOST, PORT of the gateway; default 127.0.0.1:8080 (0 = any free port). */
  readonly host: string
  readonly port: number
  /** Whether PORT was set: then another port is never taken in its place. */
  readonly portGiven: boolean
  /** Port for health and metrics of a service that runs alone. */
  readonly opsPort: number
  /** TONGQU_SIMULATOR_PORT: where the pretend provincial systems listen; default 0, any free port. */
  readonly simulatorPort: number
  /** TONGQU_DATA_KEY (base64, ≥ 32 bytes) or, in embedded mode, a key file of mode 0600 in dataDir. */
  readonly dataKey: Buffer
  /** TONGQU_OPERATOR_KEY: opens the first operator's door of an installation with servers of its own. */
  readonly operatorKey: string | undefined
  /** Base URL of each push province by code: TONGQU_PROVINCE_URL_350000 …; embedded: the simulators'. */
  readonly provinceUrls: Readonly<Record<string, string>>
  /** Extra folders with province data beside libs/provinces. */
  readonly provinceDirs: readonly string[]
  readonly logLevel: string
  readonly limits: {
    /** Body of an exchange route, bytes; default 1 MiB. */
    readonly bodyBytes: number
    readonly depth: number
    /** Requests per participant and second (burst = twice that); default 2000. */
    readonly ratePerSecond: number
    /** Unpublished or unfinished outbox rows above which intake answers 503. */
    readonly backlog: number
  }
}
