variable "endpoint" {
  description = "The URL of LocalStack on this machine."
  type        = string
  default     = "http://127.0.0.1:4566"
  nullable    = false

  validation {
    condition     = can(regex("^http://(127\\.0\\.0\\.1|localhost):[0-9]{1,5}$", var.endpoint))
    error_message = "endpoint takes a port of this machine, such as \"http://127.0.0.1:4566\", because what is created here has no protection."
  }
}

variable "visibility_seconds" {
  description = "The storage module's visibility_seconds. Null: its default."
  type        = number
  default     = null
}

variable "max_receive_count" {
  description = "The storage module's max_receive_count, for each queue. Null: its defaults."
  type        = number
  default     = null
}

variable "cors_allowed_origins" {
  description = "The storage module's cors_allowed_origins."
  type        = list(string)
  default     = []
}

variable "page_origins" {
  description = "The storage module's page_origins: where the url-issuer serves the page of links."
  type        = list(string)
  default     = []
}
