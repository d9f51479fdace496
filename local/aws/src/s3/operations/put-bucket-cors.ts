import type { CorsRule } from '../../storage/bucket.ts';
import type { Operation } from '../call.ts';
import { readCheckedText } from '../checked-text.ts';
import { invalidRequest, respondEmpty } from '../responses.ts';
import { malformedXml, type ParsedXml, parseXml } from '../xml.ts';

const METHODS = new Set(['GET', 'PUT', 'HEAD', 'POST', 'DELETE']);
const MAX_RULES = 100;

/** Amazon S3 API Reference, "PutBucketCors". */
export const putBucketCors: Operation = async (call, { storage }) => {
  storage.bucket(call.bucket);
  const rules = parseXml(await readCheckedText(call), 'CORSConfiguration').all('CORSRule');
  if (rules.length === 0 || rules.length > MAX_RULES) throw malformedXml();
  await storage.configure(call.bucket, { corsRules: rules.map(readRule) });
  respondEmpty(call.response, 200);
};

function readRule(rule: ParsedXml): CorsRule {
  const texts = (name: string) => rule.all(name).map(({ text }) => text);
  const allowedOrigins = texts('AllowedOrigin');
  const allowedMethods = texts('AllowedMethod');
  if (allowedOrigins.length === 0 || allowedMethods.length === 0) throw malformedXml();
  const unknown = allowedMethods.find((method) => !METHODS.has(method));
  if (unknown !== undefined) {
    throw invalidRequest(`Found unsupported HTTP method in CORS config. Unsupported method is ${unknown}`);
  }
  const allowedHeaders = texts('AllowedHeader');
  for (const pattern of [...allowedOrigins, ...allowedHeaders]) {
    if (pattern.split('*').length > 2) {
      throw invalidRequest(`"${pattern}" can not have more than one wildcard.`);
    }
  }
  const maxAge = rule.textOf('MaxAgeSeconds');
  if (maxAge !== undefined && !/^\d+$/.test(maxAge)) throw malformedXml();
  return {
    ...(maxAge !== undefined && { maxAgeSeconds: Number(maxAge) }),
    allowedOrigins,
    allowedMethods,
    allowedHeaders,
    exposeHeaders: texts('ExposeHeader'),
  };
}
