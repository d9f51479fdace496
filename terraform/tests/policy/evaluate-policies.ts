import { isConditionMet } from './policy-conditions.ts';

// Nothing that can be had evaluates policies with their conditions: moto has no policy simulator and takes every condition
// for met, and the one library that simulates them (@cloud-copilot/iam-simulate) is under the AGPL. What these policies use
// is little, and what is not known here throws rather than being taken for harmless.

export interface PolicyStatement {
  readonly Sid?: string;
  readonly Effect: string;
  readonly Principal?: unknown;
  readonly Action?: string | readonly string[];
  /** Every action but these. */
  readonly NotAction?: string | readonly string[];
  /** Everything but this. */
  readonly NotResource?: string | readonly string[];
  readonly Resource?: string | readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

/** One call as AWS authorises it. */
export interface Call {
  /** As the Service Authorization Reference has it, for example `s3:PutObject`. */
  readonly action: string;
  readonly resource: string;
  /** Condition keys and their values; a key that a real call lacks is left out here too. */
  readonly context: Readonly<Record<string, string | readonly string[]>>;
}

export interface Decision {
  readonly isAllowed: boolean;
  /** The Sids of the statements that decided: of the refusals if there are any, else of the permissions. */
  readonly because: readonly string[];
}

const KNOWN_ELEMENTS = new Set([
  'Sid',
  'Effect',
  'Principal',
  'Action',
  'NotAction',
  'Resource',
  'NotResource',
  'Condition',
]);

/**
 * The decision of AWS for a principal of the same account (IAM User Guide, "Policy evaluation logic"): a matching Deny in any policy
 * decides; else a matching Allow in any of them; else it is denied.
 *
 * @param policies.identity of the caller's role
 * @param policies.resource of what is called; its statements must be for everybody (`Principal: "*"`)
 * @throws Error for an element, a principal or a condition operator that is not known here
 */
export function evaluate(
  call: Call,
  policies: { readonly identity: readonly PolicyStatement[]; readonly resource: readonly PolicyStatement[] },
): Decision {
  for (const { Principal } of policies.resource) {
    if (Principal !== '*')
      throw new Error(`a principal that is not known here: ${JSON.stringify(Principal)}`);
  }
  const matching = [...policies.identity, ...policies.resource].filter((statement) =>
    applies(statement, call),
  );
  const ofEffect = (effect: string) =>
    matching.filter(({ Effect }) => Effect === effect).map(({ Sid }) => Sid ?? 'a statement without Sid');
  const denied = ofEffect('Deny');
  if (denied.length > 0) return { isAllowed: false, because: denied };
  const allowed = ofEffect('Allow');
  return { isAllowed: allowed.length > 0, because: allowed };
}

function applies(statement: PolicyStatement, call: Call): boolean {
  const unknown = Object.keys(statement).filter((element) => !KNOWN_ELEMENTS.has(element));
  if (unknown.length > 0) throw new Error(`an element that is not known here: ${unknown.join(', ')}`);
  const { Action, NotAction, Resource, NotResource, Condition = {} } = statement;
  const isOfAction = (pattern: string) => isLike(call.action.toLowerCase(), pattern.toLowerCase());
  const isOfResource = (pattern: string) => isLike(call.resource, pattern);
  return (
    (NotAction ? ![NotAction].flat().some(isOfAction) : [Action ?? []].flat().some(isOfAction)) &&
    (NotResource ? ![NotResource].flat().some(isOfResource) : [Resource ?? []].flat().some(isOfResource)) &&
    Object.entries(Condition).every(([operator, keys]) =>
      Object.entries(keys).every(([key, values]) =>
        isConditionMet(operator, [values].flat(), valuesOf(call.context, key)),
      ),
    )
  );
}

/** Names of keys are case-insensitive. */
function valuesOf(context: Call['context'], key: string): readonly string[] | undefined {
  const found = Object.entries(context).find(([name]) => name.toLowerCase() === key.toLowerCase());
  return found && [found[1]].flat();
}

/** `*` for any characters, `?` for one. */
export function isLike(text: string, pattern: string): boolean {
  const parts = pattern
    .split(/([*?])/)
    .map((part) => (part === '*' ? '.*' : part === '?' ? '.' : part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')));
  return new RegExp(`^${parts.join('')}$`, 's').test(text);
}
