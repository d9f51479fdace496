# The whole root, applied to nothing: mocked-installation.ts runs it, and reads what each module was given.

mock_provider "aws" {
  source = "./tests/mocks"
}

# The variables are given on the command line.
run "mocked" {}
