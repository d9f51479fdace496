import type { Clock } from '@upload-once/clock';

/** The agent itself gives up on ECS after 4 seconds and then responds. */
const RESPONSE_SECONDS = 10;
/** A reason that is no JSON of the agent's is cut off here. */
const SHOWN_CHARACTERS = 200;

/** What a failure's name does not say by itself (Amazon ECS Developer Guide, "Amazon ECS API failure reasons"). */
const FAILURE_WORDS: Readonly<Record<string, string>> = {
  DEPLOYMENT_BLOCKED:
    'no more tasks can be protected than the service is to have (its desired count), those of a running deployment included',
  TASK_NOT_VALID: 'the task belongs to no ECS service',
};

/** The agent said no, or nothing that can be relied on; `message` says which, for a person. */
export class TaskProtectionFailed extends Error {
  readonly code = 'TaskProtectionFailed';
  /** False where ECS has refused it: all is as it was. True where that is not known. */
  readonly mayHaveTakenEffect: boolean;

  constructor(message: string, mayHaveTakenEffect: boolean, options?: ErrorOptions) {
    super(message, options);
    this.mayHaveTakenEffect = mayHaveTakenEffect;
  }
}

/** Keeps ECS from stopping this task for a scale-in or a deployment; nothing keeps Spot or StopTask from it. */
export interface TaskProtection {
  /**
   * From now on for so long, whatever was asked before.
   * @param minutes 1 to 2,880 (48 hours)
   * @throws TaskProtectionFailed
   */
  protect(minutes: number): Promise<void>;

  /** @throws TaskProtectionFailed */
  unprotect(): Promise<void>;
}

/**
 * The endpoint of the ECS agent beside this task (Amazon ECS Developer Guide, "Amazon ECS task scale-in protection
 * endpoint"). It calls ECS with the task role's permission ecs:UpdateTaskProtection.
 * @param options.agentUri what ECS sets as ECS_AGENT_URI
 */
export function createTaskProtection(options: {
  readonly agentUri: string;
  readonly clock: Clock;
}): TaskProtection {
  const { agentUri, clock } = options;
  const url = `${agentUri.replace(/\/$/, '')}/task-protection/v1/state`;

  async function put(state: { ProtectionEnabled: boolean; ExpiresInMinutes?: number }): Promise<void> {
    const { status, text } = await ask(state);
    const { protection, failure, error } = parse(text);
    if (protection?.ProtectionEnabled === state.ProtectionEnabled) return;
    // A refusal of ECS comes with status 200, in the body alone.
    if (failure?.Reason) {
      const words = FAILURE_WORDS[failure.Reason] ?? failure.Detail;
      throw new TaskProtectionFailed(
        words ? `${failure.Reason}: ${words}` : `ECS refuses it: ${failure.Reason}`,
        false,
      );
    }
    const said = error?.Code
      ? `${error.Code}: ${error.Message}`
      : JSON.stringify(text.slice(0, SHOWN_CHARACTERS));
    throw new TaskProtectionFailed(
      `the ECS agent responds with ${status}, ${said}`,
      !(status >= 400 && status < 500),
    );
  }

  async function ask(state: object): Promise<{ status: number; text: string }> {
    const limit = new AbortController();
    const cancel = clock.after(RESPONSE_SECONDS * 1000, () => limit.abort());
    try {
      const response = await fetch(url, {
        method: 'PUT',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(state),
        signal: limit.signal,
      });
      return { status: response.status, text: await response.text() };
    } catch (error) {
      const { cause, message } = error as Error;
      const said = limit.signal.aborted
        ? `gives no response within ${RESPONSE_SECONDS} s`
        : `can't be reached at ${agentUri}: ${cause instanceof Error ? cause.message : message}`;
      throw new TaskProtectionFailed(`the ECS agent ${said}`, true, { cause: error });
    } finally {
      cancel();
    }
  }

  return {
    protect: (minutes) => put({ ProtectionEnabled: true, ExpiresInMinutes: minutes }),
    unprotect: () => put({ ProtectionEnabled: false }),
  };
}

interface AgentResponse {
  readonly protection?: { readonly ProtectionEnabled?: boolean };
  readonly failure?: { readonly Reason?: string; readonly Detail?: string | null };
  readonly error?: { readonly Code?: string; readonly Message?: string };
}

function parse(text: string): AgentResponse {
  try {
    return (JSON.parse(text) as AgentResponse | null) ?? {};
  } catch {
    return {};
  }
}
