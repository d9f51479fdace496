import type { Test } from 'tap';

/** What the commands say, with their exit codes; `…` stands for any text. The code is held to it both ways. */
export const MESSAGES: Readonly<Record<string, readonly (readonly [code: number, message: string])[]>> = {
  upload: [
    [0, '… stored as …'],
    [
      0,
      '… stored as … (…; the issuer confirms that a file of this size was stored with this form: do not upload it again. …)',
    ],
    [0, '… stored as … (…; the issuer confirms that this file was stored)'],
    [1, 'the form has expired (it was good until …): ask for a new one (S3: 403 AccessDenied)'],
    [
      1,
      'a field of the form is not what was signed; the form must be sent exactly as it was given… (S3: 403 AccessDenied)',
    ],
    [1, '… has … bytes, the form allows from … to …; nothing was sent'],
    [1, 'the file is too large: it has … bytes… (S3: 400 EntityTooLarge)'],
    [
      1,
      'something was uploaded with this URL before, as …. This try stored nothing. Your file may be stored already (S3: 412 PreconditionFailed)…upload-once status …',
    ],
    [
      1,
      'something was uploaded with this URL before, as …. This try stored nothing. Your file may be stored already (S3: 412 PreconditionFailed)….… was stored with this URL before. …',
    ],
    [1, 'S3 is too busy to take the upload now (S3: 503 …)'],
    [1, 'S3 refused the upload: “…” (S3: …)'],
    [
      1,
      'the file was not stored. The upload was refused by an answer that has no error code of S3: … Ask the people who run your network, … (HTTP …)',
    ],
    [1, 'no connection to …; nothing was sent, the form has not been used'],
    [1, '… was written to while it was being read…: the upload was broken off before its end'],
    [1, '… does not exist'],
    [1, 'the upload … was revoked meanwhile: what was sent does not count, even if S3 stored it'],
    [
      1,
      'this file does not count, even if S3 stored it. … is another file, which came first with this form: it has … bytes, yours has …. Someone else has used this form, … If they may know your API key too, have it rotated first. Then upload the file again: it gets a new form. …',
    ],
    [1, 'the connection broke (…). About … of … were sent. The file was not stored: …Upload the file again'],
    [
      1,
      'the answer was … before the whole file was sent. S3 never answers so. …The file was not stored: …Upload the file again',
    ],
    [1, 'the issuer refused the API key (403…): it is missing, wrong or revoked'],
    [1, 'the daily quota of this API key is used up (429…): try again in … s'],
    [1, 'requests with this API key come faster than its rate allows (429…): try again …'],
    [1, "the issuer at … can't be reached: …"],
    [1, 'the issuer at … did not answer within … s'],
    [1, "the issuer at … can't answer now (50…): …"],
    [1, 'what answered at … gave no …'],
    [2, 'an API key stands where a file or an id should…'],
    [2, "the issuer's URL is an http or https URL, and what was given is none…"],
    [2, 'HTTPS_PROXY is the http or https URL of a proxy, …'],
    [2, 'NO_PROXY takes host names, IPv4 addresses and IPv4 networks such as 10.0.0.0/8, not …'],
    [
      3,
      'the answer was …. That is not an answer that S3 gives to an upload, so it does not tell whether the file was stored. … Everything was sent: the file may or may not have been stored as …upload-once status …',
    ],
    [
      3,
      'the answer was …, which does not tell whether the file was stored. Everything was sent: the file may or may not have been stored as …upload-once status …',
    ],
    [
      3,
      'the connection broke (…). Everything was sent: the file may or may not have been stored as …upload-once status …',
    ],
    [
      3,
      '…Everything was sent: …The first upload of … with this form was stored, …If this one was stored too, the operators get a report of a duplicate. You have nothing to do.',
    ],
    [
      3,
      '…Everything was sent: …This form was used before, by …, which was stored. …does not count, even if S3 stored it. Upload … again without --times, …upload-once upload …',
    ],
    [5, 'standard output could not be written (…); what it was to say: …'],
    [130, 'interrupted before any of it was sent: nothing was stored'],
    [
      130,
      'the upload was interrupted. About … of … were sent. The file was not stored: …Upload the file again',
    ],
    [130, 'the upload was interrupted. Everything was sent: …upload-once status …'],
  ],
  status: [
    [0, 'state …'],
    [1, 'the issuer refused the request (404 UploadNotFound): …'],
    [1, 'the issuer refused the API key (403…'],
    [1, "the issuer at … can't be reached: …. Nothing is known of …: run status again. …"],
    [130, 'interrupted: nothing is known of …'],
  ],
  revoke: [
    [
      0,
      '… is revoked. A file that was sent with this form never counts, even if S3 stored it. Keep your file, and upload it again: …',
    ],
    [1, '… is not revoked: its state is …. A file was stored with this form. …'],
    [1, 'the answer said that … is revoked, and the issuer has the id … with the state …: it is not known …'],
    [1, 'the answer said that … is revoked, and its state could not be read (…): it is not known …'],
    [130, 'interrupted: it is not known whether … was revoked. …'],
    [
      1,
      '… is not revoked: a file was stored with this form before. If it is yours, do not upload it again. … (the issuer refused the request (409 AlreadyClaimed): …)',
    ],
    [1, 'the issuer refused the request (404 UploadNotFound): …'],
    [1, "the issuer at … can't be reached: …. Nothing shows whether … was revoked. …"],
  ],
  keys: [
    [0, 'Made key ….…It is shown this once: store it now.'],
    [0, 'Was: key …Is:  key ….…It takes effect within 10 seconds.'],
    [
      0,
      'The burst (…) is lower than the rate (… per second): no more than … requests can come at once. …upload-once keys set … --burst …',
    ],
    [0, 'Disabled key …, within 10 seconds everywhere.'],
    [1, 'there is no key with the id …'],
    [
      1,
      'the limits of the key … were changed by another command at the same time; look at them and try again',
    ],
    [1, 'the values of the key … were changed by another command at the same time'],
    [1, 'this value is a key already: …'],
    [1, 'a key has 1 to 4096 bytes, this one has …'],
    [1, 'a key is one line without control characters, …'],
    [1, 'a key neither begins nor ends with a blank or a tab'],
    [1, 'the key begins with a byte order mark, …'],
    [1, 'the key … is being rotated: two values open it, …'],
    [1, 'the key … is not being rotated: …'],
    [1, 'there is no table … in this region and account; …'],
    [1, 'the table … could not be used: …'],
    [
      1,
      'the table … could not be used: …. Standard output has the new value, which works: keep it. The old value may go on without end: …',
    ],
    [
      1,
      'standard output has the new value, but the values of the key … were changed at the same time by another command, …',
    ],
    [2, 'standard output is closed or goes to the null device. …'],
    [130, 'interrupted. The key … may have been made. …'],
    [130, 'interrupted. It may have been imported as key …. …'],
    [130, 'interrupted. The old value works on. …'],
    [130, 'interrupted. Standard output has the new value, …'],
    [130, 'interrupted. It is not known whether it was done: …'],
    [130, 'interrupted. Nothing was done.'],
    [
      5,
      '…: the key … was made, and its value is lost. …upload-once keys delete …Then make room or choose another file, and make another key',
    ],
    [
      5,
      '…: a second value of the key … was made, and is lost. The old value goes on without end. …upload-once keys rotate … --remove new',
    ],
    [5, 'standard output could not be written (…)'],
  ],
  redrive: [
    [0, '… has about … message…Nothing was moved. --yes moves ….'],
    [0, '… moved to …'],
    [0, '… moved to …, … unknown stay… (--delete-unknown FILE removes …)'],
    [0, '… deleted from …, each kept in …'],
    [0, '… left: redrive --yes moves …'],
    [1, '0 moved to …, 1 failed…failed: message …'],
    [1, 'it is unknown whether it was sent: …not all was done. Run redrive again. …'],
    [2, 'nothing was moved: … has no dead-letter queue: it may be a dead-letter queue itself. …'],
    [2, 'nothing was moved: there is no queue … in this region and account. …'],
    [2, 'nothing was moved: … is …, but the bucket … sends its events under … to …'],
    [2, 'nothing was moved: the bucket … sends no events to ….…'],
    [
      1,
      'nothing was moved: AWS does not allow this command to read to which queues the bucket … sends its events …',
    ],
    [1, '… of the wrong queue stay…what is in the wrong queue stays: …'],
    [1, 'there is no table … in this region and account; …'],
    [6, 'about … message… of … hidden. This run neither saw nor moved ….… lost: SQS shows …'],
    [6, "… hidden. …SQS's count can be a minute late: …"],
    [5, 'nothing was moved: standard output could not be written (…)'],
    [
      5,
      '… moved to …standard output could not be written (…). The redrive stopped before its end. …upload-once redrive…',
    ],
    [130, 'interrupted; what was not moved is in its dead-letter queue still. Run redrive again'],
  ],
  audit: [
    [0, 'nothing found; looked at …'],
    [4, '… found; looked at …'],
    [4, '… found, … events sent; looked at …'],
    [4, '… events sent, … left alone (an earlier repair sent …)…'],
    [4, '… left alone (in a dead-letter queue)…'],
    [6, '… too young to be judged: younger than … minutes (since …). For a daily check this is normal: …'],
    [
      6,
      '… too young to be judged: younger than … minutes (since …). No event was sent for …: … may be under way or lost.…',
    ],
    [6, '… being processed now. …'],
    [
      6,
      'about … hidden. A repair has to see all of them first. Nothing was repaired, and no event was sent.…',
    ],
    [6, "… hidden. A repair has to see all of them first. …SQS's count can be a minute late: …"],
    [
      5,
      'standard output could not be written (…). The audit stopped before its end, and its list is incomplete…Run audit again with another output file…',
    ],
    [2, 'nothing was done: … has no dead-letter queue: it may be a dead-letter queue itself. …'],
    [2, 'nothing was done: … as its dead-letter queue, and that one takes messages from … alone …'],
    [2, 'nothing was done: there is no queue … in this region and account. …'],
    [2, 'nothing was done: … is …, but the bucket … sends its events under … to …'],
    [
      1,
      'nothing was done: AWS does not allow this command to read to which queues the bucket … sends its events …',
    ],
    [
      1,
      'not brought to its end: … did not confirm every event: …; 0 events sent, 1 may have been sent (SQS did not confirm it). Run audit again…',
    ],
    [1, 'not brought to its end: … did not take every event: …; 0 events sent, 1 not sent. …'],
    [1, '… found, … events sent, … not sent; looked at …'],
    [1, 'not brought to its end: there is no …'],
  ],
};

/** Matches `message`, with any text for each `…`. */
export function messagePattern(message: string): RegExp {
  const escaped = message.split('…').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(escaped.join('[^]*?'));
}

const rows = Object.entries(MESSAGES).flatMap(([command, messages]) =>
  messages.map(([code, message]) => ({ command, code, message, pattern: messagePattern(message) })),
);

/** The messages of `command` that fit what it said. */
export function messagesIn(command: string, code: number, text: string): string[] {
  return rows
    .filter((row) => row.command === command && row.code === code && row.pattern.test(text))
    .map(({ message }) => message);
}

/** What the commands of a test file said, held to `MESSAGES` at the file's end. */
export function watchMessages() {
  const said: { readonly command: string; readonly code: number; readonly text: string }[] = [];
  return {
    /** @param args as on the command line, the command first */
    record(args: readonly string[], { code, text }: { readonly code: number; readonly text: string }): void {
      said.push({ command: args[0] ?? '', code, text });
    },

    /** Every message of these commands was said in this file, and every end but success and wrong usage has its message. */
    assertKnown(t: Test, ...commands: readonly string[]): void {
      for (const command of commands) {
        for (const { code, message, pattern } of rows.filter((row) => row.command === command)) {
          const isSaid = said.some(
            (one) => one.command === command && one.code === code && pattern.test(one.text),
          );
          t.ok(isSaid, `${command} says with exit code ${code}: ${message}`);
        }
      }
      for (const { command, code, text } of said) {
        if (code === 0 || code === 2 || !commands.includes(command)) continue;
        t.not(messagesIn(command, code, text).length, 0, `${command}, exit code ${code}: ${text}`);
      }
    },
  };
}
