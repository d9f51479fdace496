import { type Commands, lastLine } from './commands.ts';

/**
 * Makes sure of the role that ECS works by in an account. ECS makes it itself with the first cluster, but refuses what needs it until it
 * is usable, and makes none for credentials without iam:CreateServiceLinkedRole (Amazon ECS API Reference, "CreateCluster"). Credentials
 * that may do neither can still deploy where the role is there, so this never fails.
 * @returns a line for the user if AWS did not make it, otherwise nothing
 */
export async function ensureEcsRole(commands: Commands): Promise<string | undefined> {
  const found = await commands.tryOut('aws', 'iam', 'get-role', '--role-name', 'AWSServiceRoleForECS');
  if (found.exitCode === 0) return undefined;
  const made = await commands.tryOut(
    'aws',
    'iam',
    'create-service-linked-role',
    '--aws-service-name',
    'ecs.amazonaws.com',
  );
  // AWS refuses to make it twice, in these words.
  if (made.exitCode === 0 || made.stderr.includes('has been taken in this account')) return undefined;
  return `The role AWSServiceRoleForECS could not be made. Without it, ECS refuses what follows. AWS says: ${lastLine(made.stderr)}`;
}
