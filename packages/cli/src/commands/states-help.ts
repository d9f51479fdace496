/** What each state means to the person who sent a file: the same words in the help of upload, status and revoke. */
export const STATES_HELP = `What "upload-once status ID" says, and what you do then:

  ISSUED     The issuer has not received a file. S3 may still have stored one: its event can be late or lost.
             If you sent a file, keep it, and run "upload-once revoke ID". You need not wait.
             - revoke succeeds: the first try never counts. Upload your file again. It gets a new form.
             - revoke says AlreadyClaimed: nothing was changed. Run status again.
             - revoke fails for another reason: do not upload the file. Run revoke again.
             If no file was sent, or one is being sent now, do nothing.
  CLAIMED, ACCEPTED, PROCESSING, PROCESSED
             A file was received with this form. Find out whether it is yours, as below.
  FAILED     A file was received, and the handler that processes it failed. Find out whether it is yours, as below.
             If it is, do not upload it again, and tell the people who run the service, with the id. They can
             process the received file again.
  REVOKED    No file that was sent with this form counts. Upload your file again. It gets a new form. If you did
             not revoke it, ask the people who run the service who did. If that is unknown, have the key rotated,
             with --old-hours 0.
  anything else, or status fails
             Nothing is known. Do not upload the file. Run status again in a minute. If status or revoke
             fails for 15 minutes, ask the people who run the service, with the id, and wait for their response.

Is the received file yours? "upload-once status ID --file FILE" compares the two files:

  - The size differs, and FILE has not changed since you sent it: it is not your file, and yours does not count.
    Someone else used your form. If you do not know how they got it, have the key rotated, with --old-hours 0.
    Then upload your file again. It gets a new form. Tell the people who run the service.
  - The size is equal: do not upload the file again. The SHA-256 decides whether it is yours. After "upload --sha256"
    the issuer knows it. Otherwise: if only you had the form, it is your file. If someone else may have had the
    form, ask the people who run the service to compare the SHA-256 of both files. Ask them too if you sent
    the file only once and S3 responded 412. If the SHA-256 differs, do the same as for another size.
  The eTag proves nothing. If the bucket encrypts with KMS, it always differs from the MD5 of the file.
`;
