variable "app" {
  type    = string
  default = "shop"
}
