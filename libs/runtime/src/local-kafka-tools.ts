import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

export const KAFKA_VERSION = '4.3.1'
const JAVA_AT_LEAST = 17

/** Without log4j-core the broker dies at its start. */
const POM = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>tongqu</groupId><artifactId>local-kafka</artifactId><version>1</version>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>${KAFKA_VERSION}</version></dependency>
    <dependency><groupId>org.apache.logging.log4j</groupId><artifactId>log4j-core</artifactId><version>2.25.3</version></dependency>
    <dependency><groupId>org.apache.logging.log4j</groupId><artifactId>log4j-slf4j-impl</artifactId><version>2.25.3</version></dependency>
  </dependencies>
</project>
`

/** No local broker is possible here. The message names what is missing and the way out. */
export class KafkaUnavailable extends Error {
  override readonly name = 'KafkaUnavailable'
  constructor(readonly missing: string, cause?: unknown) {
    super(`A local Apache Kafka needs ${missing}. Install it (Debian, Ubuntu: apt-get install openjdk-17-jre-headless maven), `
      + 'or name a running broker in KAFKA_BROKERS (host:port).', cause === undefined ? undefined : { cause })
  }
}

/** Where the broker's jars are kept for every checkout of this user. */
export const defaultJarsDir = (): string => join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'tongqu', `kafka-${KAFKA_VERSION}`)

const hasJars = (dir: string): boolean => existsSync(dir) && readdirSync(dir).some((name) => name.startsWith('kafka_'))

/** @throws KafkaUnavailable when there is no Java of the required version. */
export async function checkJava(): Promise<void> {
  const { stderr } = await run('java', ['-version']).catch((error: unknown) => { throw new KafkaUnavailable(`Java ${JAVA_AT_LEAST} or newer`, error) })
  const version = Number(/version "(\d+)/.exec(stderr)?.[1] ?? 0)
  if (version < JAVA_AT_LEAST) throw new KafkaUnavailable(`Java ${JAVA_AT_LEAST} or newer (java is version ${version || 'unknown'})`)
}

/** What a local broker lacks here, or undefined when it can start. Fetches nothing. */
export async function missingKafkaTools(jars = defaultJarsDir()): Promise<string | undefined> {
  try {
    await checkJava()
    if (!hasJars(jars)) await checkMaven()
    return undefined
  } catch (error) {
    if (error instanceof KafkaUnavailable) return error.missing
    throw error
  }
}

async function checkMaven(): Promise<void> {
  await run('mvn', ['-version']).catch((error: unknown) => { throw new KafkaUnavailable('Maven (the command mvn), to fetch it', error) })
}

/**
 * Fetches the broker from Maven Central (44 MB) unless `dir` has it.
 * @throws KafkaUnavailable when Maven is missing or cannot reach its repository.
 */
export async function fetchJars(dir: string, onProgress: (text: string) => void): Promise<string> {
  if (hasJars(dir)) return dir
  await checkMaven()
  onProgress(`fetching Apache Kafka ${KAFKA_VERSION} (44 MB, once)`)
  // fetched aside and renamed, so that an interrupted fetch never looks complete and two at once do not mix
  const draft = `${dir}.${process.pid}`
  mkdirSync(draft, { recursive: true })
  try {
    writeFileSync(join(draft, 'pom.xml'), POM)
    await run('mvn', ['-B', '-q', '-f', join(draft, 'pom.xml'), 'dependency:copy-dependencies', `-DoutputDirectory=${join(draft, 'jars')}`], { cwd: dirname(draft) })
      .catch((error: unknown) => { throw new KafkaUnavailable('Maven to reach its repository (mvn dependency:copy-dependencies failed)', error) })
    if (!hasJars(dir)) { rmSync(dir, { recursive: true, force: true }); renameSync(join(draft, 'jars'), dir) }
  } finally {
    rmSync(draft, { recursive: true, force: true })
  }
  return dir
}
