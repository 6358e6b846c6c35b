"""What runs a graph: variables, gradients, sessions and the planner."""
