# The policies of ../../iam for the buckets, keys and roles of one place. There is no
# resource here, so this part can be planned without a provider and without an account.

locals {
  iam = "${path.module}/../../iam"

  # A place is a bucket and a prefix in it.
  sources = concat(var.manifests, var.cdrs, var.registrations)
  read    = concat(local.sources, var.read_media ? var.media : [])
  held    = concat(var.manifests, var.media)
  output  = "arn:aws:s3:::${var.output.bucket}"
  below   = "${local.output}/${var.output.prefix}"

  buckets = {
    read  = distinct([for p in local.read : "arn:aws:s3:::${p.bucket}"])
    held  = distinct([for p in local.held : "arn:aws:s3:::${p.bucket}"])
    media = distinct([for p in var.media : "arn:aws:s3:::${p.bucket}"])
  }
  objects = {
    read  = distinct([for p in local.read : "arn:aws:s3:::${p.bucket}/${p.prefix}*"])
    held  = distinct([for p in local.held : "arn:aws:s3:::${p.bucket}/${p.prefix}*"])
    media = distinct([for p in var.media : "arn:aws:s3:::${p.bucket}/${p.prefix}*"])
  }

  # What each statement is about here. A statement without a resource is left out; one that
  # is not listed is an error, so that nobody adds one to the files and forgets it here.
  resources = {
    sources = {
      ListSources    = local.buckets.read
      ReadSources    = local.objects.read
      DecryptSources = var.source_kms_keys
    }
    output = {
      ListOutput          = [local.output]
      ReadAndCreateOutput = ["${local.below}*"]
      RetainOutput        = ["${local.below}*"]
      EncryptOutput       = var.output_kms_keys
    }
    prune = {
      DeletePacks  = ["${local.below}interval=*/evidence/*"]
      ListVersions = [local.output]
    }
    hold = {
      ListInputs    = local.buckets.held
      HoldInputs    = local.objects.held
      ListOutput    = [local.output]
      ReadOutput    = ["${local.below}*"]
      RecordHolds   = ["${local.below}holds/*", "${local.below}journal/*"]
      EncryptOutput = var.output_kms_keys
    }
    verify = {
      ListOutput    = [local.output]
      ReadOutput    = ["${local.below}*"]
      DecryptOutput = var.output_kms_keys
    }
    audit = {
      ListMedia              = local.buckets.media
      AskHowMediaAreRetained = local.objects.media
    }
    bucket = {
      RefuseWithoutTLS        = [local.output, "${local.output}/*"]
      RefuseToReplace         = ["${local.below}*"]
      RefuseToDelete          = ["${local.below}*"]
      RefuseToBypassRetention = ["${local.output}/*"]
    }
  }

  # Actions and conditions stand in the files alone.
  files = {
    for name, resources in local.resources : name => jsondecode(replace(
      file("${local.iam}/${name}.json"), "arn:aws:iam::111122223333:role/cdrmend-prune", var.prune_role_arn
    ))
  }
  policies = {
    for name, resources in local.resources : name => jsonencode({
      Version = local.files[name].Version
      Statement = [
        for s in local.files[name].Statement : merge(s, { Resource = resources[s.Sid] })
        if length(resources[s.Sid]) > 0
      ]
    })
  }

  # The issuer of an IRSA provider is what follows "oidc-provider/" in its ARN.
  irsa_parts = var.irsa_provider_arn == null ? ["", ""] : split("oidc-provider/", var.irsa_provider_arn)
  irsa = replace(replace(replace(
    file("${local.iam}/trust-irsa.json"),
    "arn:aws:iam::111122223333:oidc-provider/", "${local.irsa_parts[0]}oidc-provider/"),
    "oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLE", local.irsa_parts[1]),
  "system:serviceaccount:compliance:cdrmend", "system:serviceaccount:${var.namespace}:${var.service_account}")
  pod_identity = replace(replace(
    file("${local.iam}/trust-pod-identity.json"),
    "\"compliance\"", jsonencode(var.namespace)),
  "\"cdrmend\"", jsonencode(var.service_account))
  people = {
    for role, arns in var.people : role => replace(
      file("${local.iam}/trust-people.json"), "\"arn:aws:iam::111122223333:role/compliance\"", jsonencode(arns)
    )
  }
}
