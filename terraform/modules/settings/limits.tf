# What the variables' validations compare with.

locals {
  # Whole numbers, and why they end where they do.
  whole_numbers = {
    url_issuer = {
      max_connections              = { from = 10, to = 100000 }
      form_lifetime_seconds        = { from = 1, to = 21600, why = " (6 hours): a form works no longer than the task's credentials that signed it" }
      form_lifetime_max_seconds    = { from = 1, to = 21600, why = " (6 hours): nothing works longer than the task's credentials that signed it" }
      form_max_bytes               = { from = 1, to = 5368709120, why = " (5 GiB), all that S3 takes in one form" }
      bad_keys_per_minute          = { from = 0, to = 100000, why = ", where 0 means any number" }
      status_rate_per_second       = { from = 1, to = 10000 }
      link_lifetime_seconds        = { from = 1, to = 2592000, why = " (30 days)" }
      link_lifetime_max_seconds    = { from = 1, to = 2592000, why = " (30 days)" }
      link_rate_per_minute         = { from = 1, to = 100000 }
      link_address_rate_per_minute = { from = 0, to = 1000000, why = ", where 0 means no limit" }
    }

    processor = {
      concurrency           = { from = 1, to = 256 }
      handler_limit_seconds = { from = 1, to = 39600, why = " (11 hours)" }
      handler_grace_seconds = { from = 1, to = 600 }
      handler_threads       = { from = 1, to = 64 }
      handler_heap_mib      = { from = 32, to = 65536 }
    }
  }

  # Of the url-issuer.
  origins = ["link_return_origins", "cors_allowed_origins", "success_redirect_origins"]
  origin  = "^https?://[a-z0-9.-]+(:[0-9]{1,5})?$"
}
