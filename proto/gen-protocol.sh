#!/bin/sh
# Writes the parts of PROTOCOL.md that come from the tables: limits, sets, records, messages, the example in hex.
#
#     proto/gen-protocol.sh [BUILD-FOLDER]      (build/dev)
#
# The test codec_protocol fails while they differ.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
build=${1:-$here/../build/dev}
cmake --build "$build" --target test_codec_protocol
exec "$build/bin/test_codec_protocol" --write "$here/PROTOCOL.md"
