import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Compose } from './compose.ts';

/** What of docker-compose.localstack.yml is ours; LocalStack's own log is not. */
const SERVICES = ['url-issuer', 'url-issuer-short-lived', 'acceptor', 'processor', 'webhook-sender'] as const;

/** Writes the logs of the services' containers into a folder that is there, each into a file of its own. */
export async function saveServiceLogs(compose: Pick<Compose, 'logs'>, folder: string): Promise<void> {
  for (const service of SERVICES) {
    await writeFile(join(folder, `${service}.log`), await compose.logs(service));
  }
}
