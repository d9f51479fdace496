import { isAbsolute, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { textOfThrown } from '@upload-once/runtime/plain-error';
import type { Handler } from './handler.ts';

const GENERATOR = /^\[object (Async)?GeneratorFunction\]$/;

/** PROCESSOR_HANDLER names nothing that can be run; `message` says why, in one line that can follow the variable's name. */
export class HandlerNotLoaded extends Error {
  readonly code = 'HandlerNotLoaded';
}

/**
 * Imports the module that PROCESSOR_HANDLER names: a path (from the working directory when it begins with a dot), or a
 * package's name.
 * @throws HandlerNotLoaded when it can't be loaded, or exports no function `handleUpload` that runs when it is called
 */
export async function loadHandler(name: string, workingDirectory: string): Promise<Handler> {
  const isPath = name.startsWith('.') || isAbsolute(name);
  const specifier = isPath ? pathToFileURL(resolve(workingDirectory, name)).href : name;
  let loaded: { readonly handleUpload?: unknown; readonly process?: unknown };
  try {
    loaded = await import(specifier);
  } catch (error) {
    throw new HandlerNotLoaded(`can't load "${name}": ${reasonOf(error)}`);
  }
  if (GENERATOR.test(Object.prototype.toString.call(loaded.handleUpload))) {
    throw new HandlerNotLoaded(
      `the handler "handleUpload" of "${name}" is a generator function, which nothing runs; write "async function handleUpload", without the asterisk`,
    );
  }
  if (typeof loaded.handleUpload === 'function') return loaded.handleUpload as Handler;
  const exported = Object.keys(loaded).join(', ') || 'nothing';
  const hint = typeof loaded.process === 'function' ? '; rename "process" to "handleUpload"' : '';
  throw new HandlerNotLoaded(
    `expected a module that exports a function "handleUpload(upload, context)"; "${name}" exports ${exported}${hint}`,
  );
}

/** One line; a user's module may say anything here, over several lines and with its database's password in it. */
export function reasonOf(error: unknown): string {
  return textOfThrown(error).replaceAll(/\s*\n\s*/g, ' ');
}
