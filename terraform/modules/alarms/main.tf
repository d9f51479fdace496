data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

locals {
  account_id = data.aws_caller_identity.current.account_id
  partition  = data.aws_partition.current.partition

  # The names and dimensions are those of packages/runtime/src/metrics.ts, each with the services that write it; a test
  # compares the two. An alarm or a widget on a name that does not stand here does not plan.
  namespace = "UploadOnce"
  written_by = {
    UploadsIssued          = ["url-issuer"]
    RequestsRefused        = ["url-issuer"]
    ServerErrors           = ["url-issuer"]
    RequestTime            = ["url-issuer"]
    RatesCountedAlone      = ["url-issuer"]
    UploadsAccepted        = ["acceptor"]
    BytesAccepted          = ["acceptor"]
    AcceptTime             = ["acceptor"]
    DuplicateUploads       = ["acceptor"]
    OrphanObjects          = ["acceptor", "processor"]
    RevokedUploads         = ["acceptor"]
    StoredBeforeRevocation = ["acceptor"]
    UploadsProcessed       = ["processor"]
    ProcessingFailed       = ["processor"]
    LeadTime               = ["processor"]
    WaitingTime            = ["processor"]
    MessagesRetried        = ["acceptor", "processor"]
    MessagesUndeleted      = ["acceptor", "processor"]
    WorkCutOff             = ["acceptor", "processor"]
    MessagesDeadLettered   = ["acceptor", "processor"]
  }
}
