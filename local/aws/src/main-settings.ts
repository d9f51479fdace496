import { DEFAULT_REGION, EXAMPLE_CREDENTIAL } from './defaults.ts';
import type { ProvisionOptions } from './provision.ts';
import type { LocalAwsOptions } from './start.ts';

export interface Settings {
  readonly localAws: LocalAwsOptions;
  readonly provision: ProvisionOptions;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads the variables that README.md lists. An empty one counts as not set.
 * @returns the settings, or one line for each violation that names the variable and says what was expected
 */
export function readSettings(
  environment: Environment,
): { settings: Settings; violations: [] } | { settings: undefined; violations: string[] } {
  const violations: string[] = [];
  const text = (name: string, otherwise: string) => environment[name] || otherwise;
  const whole = (name: string, otherwise: number, least: number, most: number): number => {
    const given = text(name, String(otherwise));
    const number = /^\d+$/.test(given) ? Number(given) : Number.NaN;
    if (number >= least && number <= most) return number;
    violations.push(
      `${name}: a whole number from ${least} to ${most} was expected, not ${JSON.stringify(given)}`,
    );
    return otherwise;
  };
  const port = (name: string) => whole(name, 0, 0, 65_535);

  const directory = environment.LOCAL_AWS_DATA;
  const bucket = text('LOCAL_AWS_BUCKET', 'upload-once');
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket)) {
    violations.push(
      `LOCAL_AWS_BUCKET: 3 to 63 lower-case letters, digits, dots and hyphens were expected, not ${JSON.stringify(bucket)}`,
    );
  }
  const region = text('LOCAL_AWS_REGION', DEFAULT_REGION);
  if (!/^[a-z0-9-]+$/.test(region)) {
    violations.push(
      `LOCAL_AWS_REGION: the name of an AWS region was expected, not ${JSON.stringify(region)}`,
    );
  }
  const settings: Settings = {
    localAws: {
      ...(directory ? { directory } : {}),
      region,
      credentials: [
        {
          accessKeyId: text('LOCAL_AWS_ACCESS_KEY_ID', EXAMPLE_CREDENTIAL.accessKeyId),
          secretAccessKey: text('LOCAL_AWS_SECRET_ACCESS_KEY', EXAMPLE_CREDENTIAL.secretAccessKey),
          ...(environment.LOCAL_AWS_SESSION_TOKEN && { sessionToken: environment.LOCAL_AWS_SESSION_TOKEN }),
        },
      ],
      ports: {
        s3: port('LOCAL_AWS_S3_PORT'),
        sqs: port('LOCAL_AWS_SQS_PORT'),
        dynamodb: port('LOCAL_AWS_DYNAMODB_PORT'),
        control: port('LOCAL_AWS_CONTROL_PORT'),
      },
    },
    provision: {
      bucket,
      // The bounds are SQS's own: Amazon SQS API Reference, "SetQueueAttributes".
      visibilitySeconds: whole('LOCAL_AWS_VISIBILITY_SECONDS', 30, 0, 43_200),
      corsOrigins: text('LOCAL_AWS_CORS_ORIGINS', '')
        .split(',')
        .map((origin) => origin.trim())
        .filter((origin) => origin !== ''),
      presignedPut: environment.PRESIGNED_PUT !== 'false',
      maxReceiveCount: whole('LOCAL_AWS_MAX_RECEIVE_COUNT', 5, 1, 1_000),
    },
  };
  return violations.length > 0 ? { settings: undefined, violations } : { settings, violations: [] };
}
