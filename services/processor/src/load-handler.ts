import { isAbsolute, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ConfigError, type ConfigFinding, redactText } from '@upload-once/runtime';
import type { Handler } from './handler.ts';

/**
 * Imports the module that PROCESSOR_HANDLER names: a path (from the working directory when it begins with a dot), or a
 * package's name.
 * @throws ConfigError when it can't be loaded, or exports no function `handleUpload`
 */
export async function loadHandler(name: string, workingDirectory: string): Promise<Handler> {
  const isPath = name.startsWith('.') || isAbsolute(name);
  const specifier = isPath ? pathToFileURL(resolve(workingDirectory, name)).href : name;
  let loaded: { readonly handleUpload?: unknown; readonly process?: unknown };
  try {
    loaded = await import(specifier);
  } catch (error) {
    throw handlerProblem(`can't load "${name}": ${reasonOf(error)}`);
  }
  if (typeof loaded.handleUpload === 'function') return loaded.handleUpload as Handler;
  const exported = Object.keys(loaded).join(', ') || 'nothing';
  const hint = typeof loaded.process === 'function' ? '; rename "process" to "handleUpload"' : '';
  throw handlerProblem(
    `expected a module that exports a function "handleUpload(upload, context)"; "${name}" exports ${exported}${hint}`,
  );
}

/** What is wrong with PROCESSOR_HANDLER, to be told together with all other faults; '' is none. */
export async function checkHandler(name: string, workingDirectory: string): Promise<ConfigFinding> {
  try {
    if (name !== '') await loadHandler(name, workingDirectory);
    return undefined;
  } catch (error) {
    if (error instanceof ConfigError) return error.problems[0]?.message;
    throw error;
  }
}

/** One line; a user's module may say anything here, over several lines and with its database's password in it. */
function reasonOf(error: unknown): string {
  return redactText(error instanceof Error ? error.message : String(error)).replaceAll(/\s*\n\s*/g, ' ');
}

function handlerProblem(message: string): ConfigError {
  return new ConfigError([{ variable: 'PROCESSOR_HANDLER', message }]);
}
