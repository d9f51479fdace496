/** What each state means to the person who sent a file: the same words in the help of upload, status and revoke. */
export const STATES_HELP = `What "upload-once status ID" says, and what you do then:

  ISSUED     The issuer has not received a file. One may be stored all the same: S3's event can be late or lost.
             If you sent a file, keep it, and run "upload-once revoke ID". You need not wait.
             - revoke succeeds: the first try never counts. Upload your file again. It gets a new form.
             - revoke says AlreadyClaimed: nothing was changed. Run status again.
             - revoke fails otherwise: do not upload the file. Run revoke again.
             If no file was sent, or one is being sent now, do nothing.
  CLAIMED, ACCEPTED, PROCESSING, PROCESSED
             A file was received with this form. Find out whether it is yours, as below.
  FAILED     A file was received, and the handler that processes it failed. Do not upload the file again. Tell the
             people who run the service, with the id. They can process the received file again.
  REVOKED    No file that was sent with this form counts. Upload your file again. It gets a new form.
  anything else, or status fails
             Nothing is known. Do not upload the file. Run status again in a minute. If that does not help for 15
             minutes, ask the people who run the service, with the id. Do the same if revoke fails for 15 minutes.

Is the received file yours? "upload-once status ID --file FILE" compares them and says it:

  - The size differs: it is not your file, and yours does not count. Upload your file again. It gets a new form.
  - The size is equal: do not upload the file again. The SHA-256 decides whether it is yours. After "upload --sha256"
    the issuer knows it. Otherwise: if only you had the form, it is your file. If someone else may have had the
    form, ask the people who run the service to compare the SHA-256 of both files.
  The eTag does not count. If the bucket encrypts with KMS, it always differs from the MD5 of the file.
`;
