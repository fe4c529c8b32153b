variable "application" { type = string }
variable "environment" { type = string }

resource "terraform_data" "queue" {
  input = { name = "${var.application}-${var.environment}-orders" }
}

output "queue" { value = terraform_data.queue.output.name }
