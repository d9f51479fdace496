import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { S3Error } from '../s3-error.ts';

const NAMESPACE = 'http://s3.amazonaws.com/doc/2006-03-01/';

/** An element's content: text, or elements in their order; elements that are undefined are left out. */
export type XmlContent = string | number | boolean | readonly (XmlElement | undefined)[];
export type XmlElement = readonly [name: string, content: XmlContent];

/** A document of S3's namespace. */
export function xmlDocument(root: string, content: XmlContent): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${root} xmlns="${NAMESPACE}">${inner(content)}</${root}>`;
}

/** A document without a namespace, as S3's errors are. */
export function plainXmlDocument(root: string, content: XmlContent): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${root}>${inner(content)}</${root}>`;
}

function inner(content: XmlContent): string {
  if (typeof content !== 'object') return escapeText(String(content));
  return content
    .filter((element) => element !== undefined)
    .map(([name, value]) => `<${name}>${inner(value)}</${name}>`)
    .join('');
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/**
 * Control characters and characters beyond U+FFFF become character references, which XML allows for any character (XML 1.0,
 * "Character and Entity References"). A client that can't read them asks for `encoding-type=url`.
 */
function escapeText(text: string): string {
  return text.replace(/[&<>"\p{Cc}\u{10000}-\u{10ffff}]/gu, (c) => ENTITIES[c] ?? `&#${c.codePointAt(0)};`);
}

/** An element of a parsed document: its text, or its children by name. */
export interface ParsedXml {
  /** The text inside; empty where there are only elements. */
  readonly text: string;
  /** All children of that name, in their order. */
  all(name: string): ParsedXml[];
  /** The text of the first child of that name. */
  textOf(name: string): string | undefined;
}

const parser = new XMLParser({
  ignoreAttributes: true,
  removeNSPrefix: true,
  parseTagValue: false,
  trimValues: false,
  isArray: () => true,
  processEntities: true,
  htmlEntities: true,
});

/** Reads a request's body. @throws S3Error MalformedXML (400) when it is no XML or its root is another */
export function parseXml(body: string, root: string): ParsedXml {
  if (XMLValidator.validate(body) !== true) throw malformedXml();
  let document: unknown;
  try {
    document = parser.parse(body);
  } catch {
    throw malformedXml();
  }
  const [element] = wrap(document).all(root);
  if (element === undefined) throw malformedXml();
  return element;
}

export function malformedXml(): S3Error {
  return new S3Error(
    'MalformedXML',
    400,
    'The XML you provided was not well-formed or did not validate against our published schema',
  );
}

function wrap(node: unknown): ParsedXml {
  const children = typeof node === 'object' && node !== null ? (node as Record<string, unknown>) : {};
  const all = (name: string): ParsedXml[] => {
    const found = Object.hasOwn(children, name) ? children[name] : [];
    return (Array.isArray(found) ? found : [found]).map(wrap);
  };
  return {
    text: typeof node === 'string' ? node : '',
    all,
    textOf: (name) => all(name)[0]?.text,
  };
}
