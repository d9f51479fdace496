import t from 'tap';
import {
  errorResponse,
  failureResponse,
  type Refusal,
  startEcsAgent,
} from '../../../test/support/ecs-agent.ts';
import { VirtualClock } from '../../../test/support/virtual-clock.ts';
import { createTaskProtection } from '../src/task-protection.ts';

t.test('it asks for protection, for so many minutes, and takes it back', async (t) => {
  const agent = await startEcsAgent(t);
  const task = createTaskProtection({ agentUri: agent.uri, clock: new VirtualClock() });
  await task.protect(5);
  await task.protect(2_880);
  await task.unprotect();
  t.strictSame(agent.asked.entries, [
    { ProtectionEnabled: true, ExpiresInMinutes: 5 },
    { ProtectionEnabled: true, ExpiresInMinutes: 2_880 },
    { ProtectionEnabled: false },
  ]);
  await createTaskProtection({ agentUri: `${agent.uri}/`, clock: new VirtualClock() }).unprotect();
  t.equal(agent.asked.entries.length, 4, 'a slash at the end changes nothing');
});

t.test('each refusal has its words, and says whether it may have taken effect', async (t) => {
  const agent = await startEcsAgent(t);
  const task = createTaskProtection({ agentUri: agent.uri, clock: new VirtualClock() });
  const refusals: [Refusal, string | RegExp, boolean][] = [
    [
      failureResponse('DEPLOYMENT_BLOCKED'),
      'DEPLOYMENT_BLOCKED: no more tasks can be protected than the service is to have (its desired count), those of a running deployment included',
      false,
    ],
    [failureResponse('TASK_NOT_VALID'), 'TASK_NOT_VALID: the task belongs to no ECS service', false],
    [failureResponse('MISSING', 'no such task'), 'MISSING: no such task', false],
    [failureResponse('MISSING'), 'ECS refuses it: MISSING', false],
    [
      errorResponse(400, 'AccessDeniedException', 'not authorized to perform: ecs:UpdateTaskProtection'),
      'the ECS agent responds with 400, AccessDeniedException: not authorized to perform: ecs:UpdateTaskProtection',
      false,
    ],
    [
      errorResponse(500, 'ServerException', 'Unexpected error occurred'),
      'the ECS agent responds with 500, ServerException: Unexpected error occurred',
      true,
    ],
    [
      errorResponse(504, 'RequestCanceled', 'Timed out calling ECS Task Protection API'),
      'the ECS agent responds with 504, RequestCanceled: Timed out calling ECS Task Protection API',
      true,
    ],
    [
      { status: 404, body: '404 page not found' },
      'the ECS agent responds with 404, "404 page not found"',
      false,
    ],
    [{ status: 200, body: 'null' }, 'the ECS agent responds with 200, "null"', true],
    [
      { status: 200, body: '{"protection":{"ProtectionEnabled":false}}' },
      /responds with 200, .+ProtectionEnabled.+false/,
      true,
    ],
    [{ status: 502, body: 'x'.repeat(1_000) }, `the ECS agent responds with 502, "${'x'.repeat(200)}"`, true],
  ];
  for (const [refusal, message, mayHaveTakenEffect] of refusals) {
    agent.refuse(refusal);
    await t.rejects(task.protect(5), { code: 'TaskProtectionFailed', message, mayHaveTakenEffect });
  }
});

t.test('an agent without a response is given up', async (t) => {
  const agent = await startEcsAgent(t);
  agent.refuse('hang');
  const clock = new VirtualClock();
  const asking = createTaskProtection({ agentUri: agent.uri, clock }).protect(5);
  await agent.asked.until(({ length }) => length === 1);
  clock.advance(10_000);
  await t.rejects(asking, {
    code: 'TaskProtectionFailed',
    message: 'the ECS agent gives no response within 10 s',
    mayHaveTakenEffect: true,
  });
  await agent.givenUp();
});

t.test('an agent that is not there is reported by its address', async (t) => {
  const agentUri = 'http://127.0.0.1:1/api/x';
  const clock = new VirtualClock();
  await t.rejects(createTaskProtection({ agentUri, clock }).unprotect(), {
    code: 'TaskProtectionFailed',
    message:
      /^the ECS agent can't be reached at http:\/\/127\.0\.0\.1:1\/api\/x: (connect ECONNREFUSED|bad port)/,
    mayHaveTakenEffect: true,
  });
  t.equal(clock.pendingCount, 0);
});
