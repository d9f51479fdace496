/**
 * The value of an expression of CloudWatch's metric math, as far as the policies here need it: ids, numbers, + − * / and parentheses
 * (Amazon CloudWatch User Guide, "Using math expressions with CloudWatch metrics"). Undefined where it divides by zero: CloudWatch then has no
 * data point.
 *
 * @throws Error for anything else in the expression, and for an id that has no value
 */
export function evaluate(expression: string, of: (id: string) => number): number | undefined {
  const tokens = expression.match(/[a-z]\w*|\d+(\.\d+)?|[-+*/()]|\S/g) ?? [];
  let at = 0;

  function take(...expected: readonly string[]): string | undefined {
    const token = tokens[at];
    if (token === undefined || !expected.includes(token)) return undefined;
    at += 1;
    return token;
  }

  function sum(): number {
    let value = product();
    for (let sign = take('+', '-'); sign !== undefined; sign = take('+', '-'))
      value += sign === '+' ? product() : -product();
    return value;
  }

  function product(): number {
    let value = single();
    for (let sign = take('*', '/'); sign !== undefined; sign = take('*', '/'))
      value = sign === '*' ? value * single() : value / single();
    return value;
  }

  function single(): number {
    if (take('(') !== undefined) {
      const value = sum();
      if (take(')') === undefined) throw new Error(`")" is missing in ${JSON.stringify(expression)}`);
      return value;
    }
    const token = tokens[at] ?? '';
    at += 1;
    if (/^\d/.test(token)) return Number(token);
    if (/^[a-z]/.test(token)) return of(token);
    throw new Error(`${JSON.stringify(token)} is not understood in ${JSON.stringify(expression)}`);
  }

  const value = sum();
  if (at < tokens.length)
    throw new Error(`${JSON.stringify(tokens[at])} is not understood in ${JSON.stringify(expression)}`);
  return Number.isFinite(value) ? value : undefined;
}
