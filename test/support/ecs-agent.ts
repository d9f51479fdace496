import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { Test } from 'tap';
import { Journal } from './journal.ts';

const PATH = '/api/1234567890abcdef0-1111/task-protection/v1/state';
const TASK_ARN = 'arn:aws:ecs:eu-central-1:123456789012:task/uo/1234567890abcdef0';
const MINUTES_MAX = 2_880;

export interface Asked {
  readonly ProtectionEnabled: boolean;
  readonly ExpiresInMinutes?: number;
}

/** What the agent says instead of granting what was asked; `hang`: it says nothing. */
export type Refusal = { readonly status: number; readonly body: string } | 'hang';

/**
 * The task scale-in protection endpoint of an ECS agent, on 127.0.0.1: paths, requests and responses as in the Amazon ECS
 * Developer Guide ("Amazon ECS task scale-in protection endpoint") and as the agent gives them: a refusal of ECS has status 200.
 */
export interface EcsAgent {
  /** What ECS would set as ECS_AGENT_URI. */
  readonly uri: string;
  /** Every sound request, in order, as it comes in. */
  readonly asked: Journal<Asked>;
  /** The response to every valid request from now on; undefined: granted. */
  refuse(refusal: Refusal | undefined): void;
  /** Resolves when the client gives up a request that got no response. */
  givenUp(): Promise<void>;
}

/** A response with an exception of ECS or of the agent. */
export function errorResponse(status: number, Code: string, Message: string): Refusal {
  return { status, body: JSON.stringify({ requestID: 'e-1', error: { Arn: TASK_ARN, Code, Message } }) };
}

/** A response with a failure that ECS names. */
export function failureResponse(Reason: string, Detail: string | null = null): Refusal {
  return { status: 200, body: JSON.stringify({ failure: { Arn: TASK_ARN, Detail, Reason } }) };
}

export async function startEcsAgent(t: Test): Promise<EcsAgent> {
  const asked = new Journal<Asked>();
  const gone = Promise.withResolvers<void>();
  let refusal: Refusal | undefined;
  const server = createServer(async (request, response) => {
    const say = (status: number, body: string) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(body);
    const state = parse(await text(request));
    if (request.method !== 'PUT' || request.url !== PATH || !isSound(state)) {
      say(400, JSON.stringify({ error: { Code: 'InvalidParameterException', Message: 'failed to decode' } }));
      return;
    }
    const planned = refusal;
    if (planned === 'hang') response.once('close', gone.resolve);
    asked.add(state);
    if (planned === 'hang') return;
    const ExpirationDate = state.ProtectionEnabled ? '2026-10-06T02:29:16Z' : null;
    const protection = { ExpirationDate, ProtectionEnabled: state.ProtectionEnabled, TaskArn: TASK_ARN };
    if (planned) say(planned.status, planned.body);
    else say(200, JSON.stringify({ protection }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    uri: `http://127.0.0.1:${(server.address() as AddressInfo).port}${PATH.replace('/task-protection/v1/state', '')}`,
    asked,
    refuse(next) {
      refusal = next;
    },
    givenUp: () => gone.promise,
  };
}

function parse(body: string): Record<string, unknown> {
  try {
    return JSON.parse(body);
  } catch {
    return {};
  }
}

/** The agent takes no field that it does not know; the rest is ECS's. */
function isSound(state: Record<string, unknown>): state is Record<string, unknown> & Asked {
  const { ProtectionEnabled, ExpiresInMinutes: minutes, ...others } = state;
  const isInRange = typeof minutes === 'number' && minutes >= 1 && minutes <= MINUTES_MAX;
  return (
    typeof ProtectionEnabled === 'boolean' &&
    Object.keys(others).length === 0 &&
    (minutes === undefined || (Number.isInteger(minutes) && isInRange))
  );
}
