"""What runs inside a jail, on the standard library alone. The host trusts none of it once strangers' code runs."""
