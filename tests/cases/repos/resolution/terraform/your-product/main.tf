output "ready" {
  value = true
}
