import { S3Error } from '../s3-error.ts';
import { malformedXml, type ParsedXml, parseXml, type XmlElement } from './xml.ts';

export type Tags = Readonly<Record<string, string>>;

/** Amazon S3 User Guide, "Categorizing your storage using tags". */
const MAX_TAGS = 10;
const MAX_KEY_CHARACTERS = 128;
const MAX_VALUE_CHARACTERS = 256;

/** Reads tags as the header `x-amz-tagging` has them: URL query parameters. @throws S3Error InvalidTag, BadRequest (400) */
export function readTagQuery(query: string): Tags {
  return checkedTags([...new URLSearchParams(query)]);
}

/** Reads a document `Tagging`. @throws S3Error MalformedXML, InvalidTag, BadRequest (400) */
export function readTagXml(body: string): Tags {
  const [set] = parseXml(body, 'Tagging').all('TagSet');
  if (set === undefined) throw malformedXml();
  return checkedTags(set.all('Tag').map(readTag));
}

function readTag(tag: ParsedXml): [string, string] {
  const key = tag.textOf('Key');
  const value = tag.textOf('Value');
  if (key === undefined || value === undefined) throw malformedXml();
  return [key, value];
}

export function tagElements(tags: Tags): XmlElement {
  const elements = Object.entries(tags).map(
    ([key, value]): XmlElement => [
      'Tag',
      [
        ['Key', key],
        ['Value', value],
      ],
    ],
  );
  return ['TagSet', elements];
}

function checkedTags(pairs: readonly (readonly [string, string])[]): Tags {
  if (pairs.length > MAX_TAGS) {
    throw new S3Error('BadRequest', 400, `Object tags cannot be greater than ${MAX_TAGS}`);
  }
  const tags = new Map<string, string>();
  for (const [key, value] of pairs) {
    if (key.length < 1 || key.length > MAX_KEY_CHARACTERS) {
      throw new S3Error('InvalidTag', 400, 'The TagKey you have provided is invalid', { TagKey: key });
    }
    if (value.length > MAX_VALUE_CHARACTERS) {
      throw new S3Error('InvalidTag', 400, 'The TagValue you have provided is invalid', {
        TagKey: key,
        TagValue: value,
      });
    }
    if (tags.has(key)) {
      throw new S3Error('InvalidTag', 400, 'Cannot provide multiple Tags with the same key', { TagKey: key });
    }
    tags.set(key, value);
  }
  return Object.fromEntries(tags);
}
