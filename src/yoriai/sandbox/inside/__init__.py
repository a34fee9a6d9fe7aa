"""What runs inside a jail, on the standard library alone: nothing here is trusted by the host once strangers' code runs."""
