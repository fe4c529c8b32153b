"""CloudFormation through the AWS CLI."""
