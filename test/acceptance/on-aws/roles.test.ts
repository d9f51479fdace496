import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import t from 'tap';
import { deployment } from '../support/deployment.ts';
import { KNOWN_GAPS } from '../support/known-gaps.ts';
import { probeRoles, takeOn, takeOnSoon } from '../support/probe-roles.ts';

// What IAM decides: who takes on a task's role, and which attributes a task's policy lets it write. The probe roles have the policies of
// the tasks, and can be taken on here.

const TableName = deployment.uploadsTable;
const isOpen = deployment.knownGaps.has('role-policies');
const { acceptor } = probeRoles;

t.test('the role of a task is ECS’s alone', async (t) => {
  const taken = takeOn(process.env.TASK_ROLE);
  if (isOpen) await t.resolves(taken, `known: ${KNOWN_GAPS['role-policies']}`);
  else await t.rejects(taken, { name: 'AccessDenied' });
});

t.test('a task’s policy decides by the attributes of a write, with every kind of ReturnValues', async (t) => {
  const credentials = await takeOnSoon(acceptor);
  const asAcceptor = DynamoDBDocumentClient.from(new DynamoDBClient({ credentials }));
  const write = (attribute: string, ReturnValues: 'NONE' | 'ALL_OLD' | 'ALL_NEW' | 'UPDATED_NEW') =>
    asAcceptor.send(
      new UpdateCommand({
        TableName,
        Key: { FullFilename: `uploads/on-aws-${Date.now()}`, item: 'upload' },
        UpdateExpression: 'SET #attribute = :value, deleteAt = :soon',
        ConditionExpression: 'attribute_not_exists(#attribute)',
        ExpressionAttributeNames: { '#attribute': attribute },
        ExpressionAttributeValues: { ':value': 'x', ':soon': Math.floor(Date.now() / 1000) + 60 },
        ReturnValues,
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      }),
    );
  for (const values of ['NONE', 'ALL_OLD', 'ALL_NEW', 'UPDATED_NEW'] as const) {
    await t.resolves(write('claimedAt', values), `its own attribute, ${values}`);
    const others = write('apiKeyId', values);
    if (isOpen) await t.resolves(others, `known: ${KNOWN_GAPS['role-policies']}`);
    else await t.rejects(others, { name: 'AccessDeniedException' }, `the url-issuer’s attribute, ${values}`);
  }
});
