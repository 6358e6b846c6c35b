"""The core: the graph that users build, and the runtime that runs it on a backend."""
