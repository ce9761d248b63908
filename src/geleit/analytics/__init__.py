"""Journey analysis of all customers: one module per question, reference SQL beside it, kernels for speed; both count the same."""
