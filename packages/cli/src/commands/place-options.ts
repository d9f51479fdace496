import { printable } from '@upload-once/text/printable';
import { inShell } from '../in-shell.ts';

/** What names the installation that `redrive`, `audit` and `adopt` work on. Each takes a value. */
const PLACE_OPTIONS = [
  '--bucket',
  '--table',
  '--record-retention-days',
  '--uploads-queue',
  '--accepted-queue',
  '--webhooks-queue',
];

/**
 * A command of the operator, to be copied, for the installation that another one was run on.
 *
 * @param given what followed the other command's name
 * @param more the options of this one
 */
export function samePlace(
  command: 'audit' | 'redrive' | 'adopt',
  given: readonly string[],
  ...more: string[]
): string {
  const place = given.flatMap((arg, at) => {
    if (PLACE_OPTIONS.includes(arg)) return given.slice(at, at + 2);
    return PLACE_OPTIONS.some((option) => arg.startsWith(`${option}=`)) ? [arg] : [];
  });
  return sameCommand(command, [...place, ...more]);
}

/** The same command once more. */
export function sameCommand(command: 'audit' | 'redrive' | 'adopt', given: readonly string[]): string {
  return printable(['upload-once', command, ...given.map(inShell)].join(' '));
}
