import { type Commands, lastLine } from './commands.ts';
import { DeployError } from './deploy-error.ts';

export interface Account {
  readonly id: string;
  readonly region: string;
}

/**
 * The account and region that the environment's credentials and settings stand for.
 * @throws DeployError naming what is missing
 */
export async function findAccount(commands: Commands, env: NodeJS.ProcessEnv): Promise<Account> {
  const configured = async () => (await commands.tryOut('aws', 'configure', 'get', 'region')).stdout.trim();
  const region = env['AWS_REGION'] || env['AWS_DEFAULT_REGION'] || (await configured());
  if (!region) throw new DeployError('no region is chosen: set AWS_REGION, such as AWS_REGION=eu-central-1');
  const identity = await commands.tryOut(
    'aws',
    'sts',
    'get-caller-identity',
    '--query',
    'Account',
    '--output',
    'text',
    '--region',
    region,
  );
  if (identity.exitCode !== 0) {
    throw new DeployError(
      `AWS rejects your credentials. Set AWS_PROFILE, or sign in (\`aws sso login\`, \`aws configure\`). AWS says: ${lastLine(identity.stderr)}`,
    );
  }
  return { id: identity.stdout.trim(), region };
}
