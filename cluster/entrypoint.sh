#!/bin/sh
# `serve` alone is what SageMaker starts a container with: the graph on its port, behind its authentication.
# Everything else runs as it stands: `vlp serve ...`, `ray start ...`, `serve deploy FILE`, a shell.
set -eu
if [ "$#" -eq 1 ] && [ "$1" = serve ]; then
    export VLP_PORT="${SAGEMAKER_BIND_TO_PORT:-8080}"
    exec vlp serve --profile "${VLP_PROFILE:-embedded}" --host 0.0.0.0 --port "$VLP_PORT" --open
fi
exec "$@"
