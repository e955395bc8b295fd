"""`python -m vlp_graph` is the `vlp` command, where the script is not on the path."""

from vlp_graph.cli import main

if __name__ == "__main__":
    main()
