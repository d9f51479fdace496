import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { S3Error } from '../s3/errors.ts';

const MAX_TAGS = 10;
const parser = new XMLParser({
  parseTagValue: false,
  trimValues: false,
  isArray: (_name, path) => path === 'Tagging.TagSet.Tag',
});

/**
 * Reads the form field `tagging`, the same XML as the body of PutObjectTagging.
 * @throws S3Error MalformedXML (400), InvalidTag (400), BadRequest (400) for more than ten tags
 */
export function formTags(xml: string | undefined): Readonly<Record<string, string>> {
  if (xml === undefined) return {};
  const tags = new Map<string, string>();
  for (const { Key: key, Value: value } of parseTagSet(xml)) {
    if (typeof key !== 'string' || typeof value !== 'string') throw malformed();
    if (key.length < 1 || key.length > 128 || value.length > 256) {
      throw new S3Error('InvalidTag', 400, 'The TagKey or TagValue you have provided is invalid', {
        TagKey: key,
      });
    }
    if (tags.has(key)) {
      throw new S3Error('InvalidTag', 400, 'Cannot provide multiple Tags with the same key', { TagKey: key });
    }
    tags.set(key, value);
  }
  if (tags.size > MAX_TAGS) {
    throw new S3Error('BadRequest', 400, `Object tags cannot be greater than ${MAX_TAGS}`);
  }
  return Object.fromEntries(tags);
}

function parseTagSet(xml: string): readonly Record<string, unknown>[] {
  if (XMLValidator.validate(xml) !== true) throw malformed();
  const set = parser.parse(xml)?.Tagging?.TagSet;
  if (set === undefined) throw malformed();
  return set.Tag ?? [];
}

function malformed(): S3Error {
  return new S3Error(
    'MalformedXML',
    400,
    'The XML you provided was not well-formed or did not validate against our published schema',
  );
}
