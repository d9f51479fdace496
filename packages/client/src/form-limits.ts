import { textOfBase64 } from './text-of-base64.ts';
import type { UploadForm } from './upload-form.ts';

export interface SizeLimits {
  readonly minBytes: number;
  readonly maxBytes: number;
}

/**
 * The sizes that a form's policy allows, from its condition `content-length-range` (Amazon S3 API Reference, "POST Policy"). Undefined where
 * the policy has none, or can't be read: S3 judges it then.
 */
export function sizeLimitsOf(form: UploadForm): SizeLimits | undefined {
  const { policy } = form.fields;
  if (policy === undefined) return undefined;
  let conditions: unknown;
  try {
    conditions = JSON.parse(textOfBase64(policy))?.conditions;
  } catch {
    return undefined;
  }
  if (!Array.isArray(conditions)) return undefined;
  let limits: SizeLimits | undefined;
  for (const condition of conditions) {
    if (!Array.isArray(condition) || condition[0] !== 'content-length-range') continue;
    const [minBytes, maxBytes] = condition.slice(1).map(Number);
    if (minBytes === undefined || maxBytes === undefined || !(minBytes <= maxBytes)) return undefined;
    // S3 holds an upload to each of several.
    limits = {
      minBytes: Math.max(minBytes, limits?.minBytes ?? 0),
      maxBytes: Math.min(maxBytes, limits?.maxBytes ?? Number.POSITIVE_INFINITY),
    };
  }
  return limits;
}
