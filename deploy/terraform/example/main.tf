# What a place writes. Names, accounts and clusters are placeholders.

terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.40"
    }
  }
}

provider "aws" {
  region = "eu-west-1"
}

module "cdrmend" {
  source = "../"

  output        = { bucket = "acme-compliance", prefix = "cdrmend/" }
  manifests     = [{ bucket = "acme-recordings", prefix = "" }]
  cdrs          = [{ bucket = "acme-cdr", prefix = "" }]
  registrations = [{ bucket = "acme-logs", prefix = "registrations/" }]
  media         = [{ bucket = "acme-media", prefix = "" }]

  source_kms_keys   = ["arn:aws:kms:eu-west-1:111122223333:key/11111111-2222-4333-8444-555555555555"]
  irsa_provider_arn = "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLE"

  people = {
    read  = ["arn:aws:iam::111122223333:role/compliance"]
    prune = ["arn:aws:iam::111122223333:role/data-protection"]
    hold  = ["arn:aws:iam::111122223333:role/counsel"]
  }
}

output "url" {
  value = module.cdrmend.url
}

output "role_arns" {
  value = module.cdrmend.role_arns
}
