import 'reflect-metadata'
import { MemoryTransport } from '#messaging'
import { startEmbeddedPostgres } from '#persistence'
import { createAppContext, readSettings } from '#runtime'
import { start } from './start.js'
const settings0 = readSettings({ TONGQU_DATA_DIR: '/tmp/gwdata', PORT: '18080' })
const pg = await startEmbeddedPostgres({ dataDir: settings0.dataDir })
const settings = { ...settings0, databaseUrl: pg.url }
const ctx = await createAppContext(settings, { transport: new MemoryTransport() })
const app = await start(ctx)
console.log(app.url, app.notices)
process.on('SIGTERM', async () => { await app.close(); await ctx.close(); await pg.stop(); process.exit(0) })
