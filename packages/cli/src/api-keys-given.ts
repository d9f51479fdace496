/** The API keys that a command line and the environment hold. */
export function apiKeysIn(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): string[] {
  const given = args.flatMap((arg, at) => {
    if (arg === '--key') return args[at + 1] ?? [];
    return arg.startsWith('--key=') ? arg.slice('--key='.length) : [];
  });
  return [...given, env['UPLOAD_ONCE_API_KEY'] ?? ''].filter((key) => key !== '');
}
