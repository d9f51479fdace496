import { defaultProvider } from '@aws-sdk/credential-provider-node';
import type { awsFields, tracingFields } from './config-fields.ts';
import type { ConfigOf, Fields } from './fields.ts';
import { redactText, redactUserInfo } from './redaction.ts';

/** What is wrong, in words that can follow the variable's name; undefined when nothing is. */
export type ConfigFinding = string | undefined;

/** For each variable what a field cannot say of it. A check may ask others, a file or a network, for its result. */
export type ConfigChecks<F extends Fields> = {
  readonly [Name in keyof F]?: (value: ConfigOf<F>[Name]) => ConfigFinding | Promise<ConfigFinding>;
};

/** What a pattern lets through and no URL is: a port beyond 65535, brackets without an IPv6 address … */
export function checkUrl(value: string | undefined): ConfigFinding {
  if (value === undefined || URL.canParse(value)) return undefined;
  return `expected a URL that leads somewhere, got ${JSON.stringify(redactText(redactUserInfo(value)))}`;
}

/** What `runService` checks of these variables, for each service that has them. */
export const awsChecks: ConfigChecks<typeof awsFields> = {
  AWS_ACCESS_KEY_ID: checkCredentials,
  AWS_ENDPOINT_URL: checkUrl,
  AWS_ENDPOINT_URL_S3: checkUrl,
  AWS_ENDPOINT_URL_SQS: checkUrl,
  AWS_ENDPOINT_URL_DYNAMODB: checkUrl,
};

export const tracingChecks: ConfigChecks<typeof tracingFields> = {
  OTEL_EXPORTER_OTLP_ENDPOINT: checkSpansEndpoint,
};

/** The exporter adds the path to what it gets, whatever that is. */
function checkSpansEndpoint(value: string | undefined): ConfigFinding {
  if (value === undefined) return undefined;
  const violation = checkUrl(value);
  if (violation !== undefined) return violation;
  const shown = JSON.stringify(redactText(redactUserInfo(value)));
  if (/[?#]/.test(value)) return `expected a URL without "?" and "#", got ${shown}`;
  const [, base] = /^(.*?)\/+v1\/traces\/*$/.exec(value) ?? [];
  if (base === undefined) return undefined;
  return `expected a URL without /v1/traces, which the service adds, got ${shown}: set ${JSON.stringify(redactText(redactUserInfo(base)))}`;
}

/** Asks the SDK itself, as every client will: whether it finds any credentials, not whether they are good for anything. */
async function checkCredentials(): Promise<ConfigFinding> {
  try {
    await defaultProvider()();
    return undefined;
  } catch (error) {
    const reason = redactText(error instanceof Error ? error.message : String(error)).replaceAll(/\s+/g, ' ');
    return `expected credentials: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, a profile (AWS_PROFILE), or on AWS a task role; the AWS SDK says: ${reason}`;
  }
}
