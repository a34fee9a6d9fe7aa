"""The terminal, one module per noun. `main` maps errors to exit codes; heavy imports are inside functions."""
