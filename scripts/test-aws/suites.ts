import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createKey } from '../../local/stack/create-key.ts';
import type { Commands } from '../deploy/commands.ts';
import type { Outputs } from './setup.ts';
import { type FileResult, tapResults } from './tap-results.ts';

/** By name: the suite of every backend, what only AWS's own S3, IAM and DynamoDB decide, and what only its ECS does. */
export const SUITES = {
  acceptance: 'test/acceptance/*.test.ts',
  'on-aws': 'test/acceptance/on-aws/*.test.ts',
  ecs: 'test/acceptance/on-aws/ecs/*.test.ts',
} as const;

/** Requests a second that the suites' key allows. */
const KEY_RATE = 1000;
const FILE_LIMIT_SECONDS = 1800;

/** The suites' settings, as local/stack/with-stack.ts makes them for a stack on one machine. A new API key is among them. */
export async function suiteEnvironment(
  outputs: Outputs,
  region: string,
  env: NodeJS.ProcessEnv,
): Promise<Record<string, string>> {
  const { installation, probe_roles } = outputs;
  const { bucket, queues, tables, services } = installation;
  const awsEnv = { ...(env as Record<string, string>), AWS_REGION: region };
  return {
    AWS_REGION: region,
    UPLOAD_ONCE_URL: installation.issuer_url,
    UPLOAD_ONCE_API_KEY: await createKey(awsEnv, tables.access.name, KEY_RATE),
    BUCKET: bucket.name,
    UPLOADS_TABLE: tables.uploads.name,
    UPLOAD_ONCE_ACCESS_TABLE: tables.access.name,
    UPLOAD_QUEUE_URL: queues.upload_events.url,
    UPLOAD_DEAD_LETTER_QUEUE_URL: queues.upload_events_dead_letter.url,
    // A receiver would have to be on the internet, and the tasks would need a way there.
    ACCEPTANCE_WITHOUT_WEBHOOKS: 'true',
    PROBE_ROLES: JSON.stringify(probe_roles),
    TASK_ROLE: services.acceptor.task_role_arn,
    ECS_CLUSTER: installation.cluster_name,
    ECS_SERVICE: services.acceptor.service_name,
    ISSUER_SERVICE: services['url-issuer'].service_name,
    AUDIT_LOG_GROUP: installation.audit.log_group_name,
  };
}

/** Runs one suite to its end; a test that fails ends nothing. @throws the reason of a stop */
export async function runSuite(
  commands: Commands,
  suite: keyof typeof SUITES,
  folder: string,
): Promise<FileResult[]> {
  const output = join(folder, `${suite}.tap`);
  await commands
    .show(
      ...([
        'tap',
        '--jobs=1',
        '--disable-coverage',
        '--reporter=terse',
        `--timeout=${FILE_LIMIT_SECONDS}`,
      ] as const),
      ...[`--output-file=${output}`, ...globSync(SUITES[suite]).sort()],
    )
    .catch((error: Error) => {
      if (error.name !== 'DeployError' || !existsSync(output)) throw error;
    });
  const results = tapResults(readFileSync(output, 'utf8'));
  if (results.length > 0) return results;
  return [{ file: suite, isOk: false, tests: [] }];
}
