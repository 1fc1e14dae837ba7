data "aws_caller_identity" "current" {}

locals {
  roles = {
    run   = { trust = module.policies.trust_job, policies = ["sources", "output"] }
    read  = { trust = module.policies.trust_people.read, policies = concat(["verify", "sources"], length(var.media) > 0 ? ["audit"] : []) }
    prune = { trust = module.policies.trust_people.prune, policies = ["output", "prune"] }
    hold  = { trust = module.policies.trust_people.hold, policies = ["hold"] }
  }

  attached = merge([
    for role, r in local.roles : { for p in r.policies : "${role}-${p}" => { role = role, policy = p } }
  ]...)
}

# The policies that ../iam has.
module "policies" {
  source            = "./policies"
  manifests         = var.manifests
  cdrs              = var.cdrs
  registrations     = var.registrations
  media             = var.media
  read_media        = var.read_media
  source_kms_keys   = var.source_kms_keys
  output            = var.output
  output_kms_keys   = [aws_kms_key.output.arn]
  prune_role_arn    = "arn:aws:iam::${data.aws_caller_identity.current.account_id}:role/${var.name}-prune"
  irsa_provider_arn = var.irsa_provider_arn
  namespace         = var.namespace
  service_account   = var.service_account
  people            = var.people
}

resource "aws_iam_role" "role" {
  for_each           = local.roles
  name               = "${var.name}-${each.key}"
  assume_role_policy = each.value.trust
  tags               = var.tags
}

resource "aws_iam_role_policy" "policy" {
  for_each = local.attached
  name     = each.value.policy
  role     = aws_iam_role.role[each.value.role].id
  policy   = module.policies.policies[each.value.policy]
}

resource "aws_eks_pod_identity_association" "run" {
  count           = var.pod_identity_cluster == null ? 0 : 1
  cluster_name    = var.pod_identity_cluster
  namespace       = var.namespace
  service_account = var.service_account
  role_arn        = aws_iam_role.role["run"].arn
}
