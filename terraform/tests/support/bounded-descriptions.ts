/** What Terraform plans or has made, as `terraform show -json` prints it. */
export interface PlannedModule {
  readonly resources?: readonly {
    readonly address: string;
    readonly type: string;
    readonly values: Readonly<Record<string, unknown>>;
  }[];
  readonly child_modules?: readonly PlannedModule[];
}

/**
 * What AWS takes as a description, by the beginning of a resource's type; neither the provider nor moto refuses more. EC2's own message, "Invalid
 * rule description", has its set (the page on IpRange has it without "&"); IAM API Reference, "CreateRole".
 */
const BOUNDED = [
  { types: /^aws_(vpc_)?security_group/, characters: /^[a-zA-Z0-9. _\-:/()#,@[\]+=&;{}!$*]+$/, most: 255 },
  { types: /^aws_iam_(role|policy)$/, characters: /^[\t\n\r\u0020-\u007e\u00a1-\u00ff]+$/, most: 1000 },
  { types: /^aws_wafv2_/, characters: /^[\w+=:#@/\-,. ]+$/, most: 256 },
  { types: /^aws_(cloudwatch_event_rule|scheduler_schedule)$/, characters: /./, most: 512 },
  {
    types: /^aws_(cloudwatch_metric_alarm|apigatewayv2_api|service_discovery_)/,
    characters: /./,
    most: 1024,
  },
] as const;
const NAMES = ['description', 'alarm_description'];

/** The descriptions that AWS bounds: how many there are, and each that AWS refuses, with its address. */
export function boundedDescriptions(module: PlannedModule): {
  readonly count: number;
  readonly refused: readonly string[];
} {
  const own = (module.resources ?? []).flatMap(({ address, type, values }) => {
    const bound = BOUNDED.find(({ types }) => types.test(type));
    if (bound === undefined) return [];
    const isTaken = (value: string) => bound.characters.test(value) && value.length <= bound.most;
    return NAMES.map((name) => values[name])
      .filter((value) => typeof value === 'string')
      .map((value) => (isTaken(value) ? undefined : `${address}: ${value}`));
  });
  const children = (module.child_modules ?? []).map(boundedDescriptions);
  return {
    count: own.length + children.reduce((sum, { count }) => sum + count, 0),
    refused: [...own.filter((line) => line !== undefined), ...children.flatMap(({ refused }) => refused)],
  };
}
