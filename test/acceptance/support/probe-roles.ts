import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { eventually } from './eventually.ts';

/** The ARNs of the roles that the suite can take on: each service's, with the policy of its task, and a restore's. */
export const probeRoles = JSON.parse(process.env.PROBE_ROLES ?? '{}') as Readonly<Record<string, string>>;

const sts = new STSClient({});

export async function takeOn(RoleArn: string | undefined) {
  const { Credentials } = await sts.send(new AssumeRoleCommand({ RoleArn, RoleSessionName: 'on-aws' }));
  return {
    accessKeyId: Credentials?.AccessKeyId ?? '',
    secretAccessKey: Credentials?.SecretAccessKey ?? '',
    sessionToken: Credentials?.SessionToken ?? '',
  };
}

/** As `takeOn`, of a role that is new: it can be unknown for some seconds. */
export async function takeOnSoon(RoleArn: string | undefined) {
  const credentials = await eventually(
    `the role ${RoleArn}`,
    () => takeOn(RoleArn).catch((error: Error) => error),
    (seen) => !(seen instanceof Error),
  );
  if (credentials instanceof Error) throw credentials;
  return credentials;
}
