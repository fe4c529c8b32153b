"""The modules that `terraform-generate` writes: what each makes, its variables, its outputs. Formatted as `fmt` would.

No module has a credential in it: providers take theirs from the environment, databases let AWS Secrets Manager make
and keep the password.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple


class Variable(NamedTuple):
    """A variable of a module; without a default it must be given."""

    name: str
    type: str
    says: str
    default: str | int | bool | None = None
    sensitive: bool = False

    def takes(self, value: object) -> bool:
        """Whether the value is of the variable's type."""
        if self.type == "bool":
            return isinstance(value, bool)
        if self.type == "number":
            return isinstance(value, int | float) and not isinstance(value, bool)
        return isinstance(value, str)


class GeneratedModule(NamedTuple):
    """A module; `outputs` are expression and description by name."""

    main: str
    variables: tuple[Variable, ...]
    outputs: Mapping[str, tuple[str, str]]


_AWS: Final = """\
terraform {
  required_version = ">= 1.6"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.0"
    }
  }
}

"""
_NAME: Final = Variable("name", "string", "The resource's name.")
_DATABASE_VARIABLES: Final = (
    _NAME,
    Variable("database", "string", "The database that is made in the instance.", "app"),
    Variable("username", "string", "The name of the database's owner.", "app"),
    Variable("instance_class", "string", "The size of the instance.", "db.t4g.micro"),
    Variable("allocated_storage", "number", "Storage in GiB.", 20),
    Variable("deletion_protection", "bool", "Whether the instance may not be destroyed.", default=False),
)
_DATABASE_OUTPUTS: Final = {
    "host": ("aws_db_instance.this.address", "Where the database listens."),
    "port": ("aws_db_instance.this.port", "The port it listens on."),
    "database": ("aws_db_instance.this.db_name", "The database's name."),
    "username": ("aws_db_instance.this.username", "The owner's name."),
    "secret_arn": (
        "aws_db_instance.this.master_user_secret[0].secret_arn",
        "The secret that holds the owner's password.",
    ),
}


def _database(engine: str, version: str) -> GeneratedModule:
    main = f"""\
resource "aws_db_instance" "this" {{
  identifier                  = var.name
  engine                      = "{engine}"
  engine_version              = var.engine_version
  instance_class              = var.instance_class
  allocated_storage           = var.allocated_storage
  db_name                     = var.database
  username                    = var.username
  manage_master_user_password = true
  storage_encrypted           = true
  deletion_protection         = var.deletion_protection
  skip_final_snapshot         = !var.deletion_protection
  final_snapshot_identifier   = "${{var.name}}-final"
}}
"""
    wanted = Variable("engine_version", "string", "The version of the database.", version)
    return GeneratedModule(_AWS + main, (*_DATABASE_VARIABLES, wanted), _DATABASE_OUTPUTS)


_S3: Final = GeneratedModule(
    _AWS
    + """\
resource "aws_s3_bucket" "this" {
  bucket        = var.name
  force_destroy = var.force_destroy
}

resource "aws_s3_bucket_public_access_block" "this" {
  bucket                  = aws_s3_bucket.this.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_versioning" "this" {
  bucket = aws_s3_bucket.this.id

  versioning_configuration {
    status = var.versioning ? "Enabled" : "Suspended"
  }
}
""",
    (
        _NAME,
        Variable("versioning", "bool", "Whether earlier versions of objects are kept.", default=True),
        Variable("force_destroy", "bool", "Whether a bucket that holds objects may be destroyed.", default=False),
    ),
    {
        "bucket_name": ("aws_s3_bucket.this.bucket", "The bucket's name."),
        "bucket_arn": ("aws_s3_bucket.this.arn", "The bucket's ARN."),
        "endpoint": ("aws_s3_bucket.this.bucket_regional_domain_name", "The host that serves the bucket."),
        "region": ("aws_s3_bucket.this.region", "Where the bucket is."),
    },
)
_MINIO: Final = GeneratedModule(
    """\
terraform {
  required_version = ">= 1.6"

  required_providers {
    minio = {
      source  = "aminueza/minio"
      version = "~> 2.0"
    }
  }
}

provider "minio" {
  minio_server   = var.endpoint
  minio_user     = var.access_key
  minio_password = var.secret_key
  minio_ssl      = var.ssl
}

resource "minio_s3_bucket" "this" {
  bucket = var.name
  acl    = var.acl
}
""",
    (
        _NAME,
        Variable("endpoint", "string", "Host and port of the MinIO server.", "minio.minio-system.svc:9000"),
        Variable("access_key", "string", "The user's name.", sensitive=True),
        Variable("secret_key", "string", "The user's password.", sensitive=True),
        Variable("ssl", "bool", "Whether the server speaks TLS.", default=False),
        Variable("acl", "string", "Who may read the bucket.", "private"),
    ),
    {
        "bucket_name": ("minio_s3_bucket.this.bucket", "The bucket's name."),
        "bucket_arn": ("minio_s3_bucket.this.arn", "The bucket's ARN."),
        "endpoint": ("var.endpoint", "Host and port of the server."),
        "minio_url": ('"${var.ssl ? "https" : "http"}://${var.endpoint}"', "The server's address."),
    },
)
_REDIS: Final = GeneratedModule(
    _AWS
    + """\
resource "aws_elasticache_replication_group" "this" {
  replication_group_id       = var.name
  description                = "Redis of ${var.name}"
  engine                     = "redis"
  engine_version             = var.engine_version
  node_type                  = var.node_type
  num_cache_clusters         = var.nodes
  automatic_failover_enabled = var.nodes > 1
  at_rest_encryption_enabled = true
  transit_encryption_enabled = true
}
""",
    (
        _NAME,
        Variable("engine_version", "string", "The version of Redis.", "7.1"),
        Variable("node_type", "string", "The size of a node.", "cache.t4g.micro"),
        Variable("nodes", "number", "How many nodes.", 1),
    ),
    {
        "host": ("aws_elasticache_replication_group.this.primary_endpoint_address", "Where Redis listens."),
        "port": ("aws_elasticache_replication_group.this.port", "The port it listens on."),
    },
)
_SQS: Final = GeneratedModule(
    _AWS
    + """\
resource "aws_sqs_queue" "this" {
  name                      = var.name
  message_retention_seconds = var.retention_seconds
  sqs_managed_sse_enabled   = true
}
""",
    (_NAME, Variable("retention_seconds", "number", "How long a message is kept.", 345600)),
    {
        "name": ("aws_sqs_queue.this.name", "The queue's name."),
        "url": ("aws_sqs_queue.this.url", "The queue's address."),
        "arn": ("aws_sqs_queue.this.arn", "The queue's ARN."),
    },
)
_SNS: Final = GeneratedModule(
    _AWS
    + """\
resource "aws_sns_topic" "this" {
  name              = var.name
  kms_master_key_id = "alias/aws/sns"
}
""",
    (_NAME,),
    {
        "name": ("aws_sns_topic.this.name", "The topic's name."),
        "arn": ("aws_sns_topic.this.arn", "The topic's ARN."),
    },
)
_DYNAMODB: Final = GeneratedModule(
    _AWS
    + """\
resource "aws_dynamodb_table" "this" {
  name                        = var.name
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = var.hash_key
  deletion_protection_enabled = var.deletion_protection

  attribute {
    name = var.hash_key
    type = "S"
  }

  point_in_time_recovery {
    enabled = true
  }
}
""",
    (
        _NAME,
        Variable("hash_key", "string", "The attribute that items are found by.", "id"),
        Variable("deletion_protection", "bool", "Whether the table may not be destroyed.", default=False),
    ),
    {
        "name": ("aws_dynamodb_table.this.name", "The table's name."),
        "arn": ("aws_dynamodb_table.this.arn", "The table's ARN."),
    },
)

MODULES: Final[Mapping[str, GeneratedModule]] = MappingProxyType(
    {
        "dynamodb": _DYNAMODB,
        "minio-s3-bucket": _MINIO,
        "mysql": _database("mysql", "8.0"),
        "postgres": _database("postgres", "16"),
        "redis": _REDIS,
        "s3": _S3,
        "sns": _SNS,
        "sqs": _SQS,
    }
)
"""By the word that `resource` takes."""
