#!/bin/sh
# Adds to the names of the base images, in the files given, the digests that they have today:
#   deploy/pin-images.sh deploy/Dockerfile deploy/compose.yaml
# Needs docker with buildx and the network. Read the difference before you commit it.
set -eu
for image in $(sed -nE 's/^(FROM| *image:) ([^ @]+:[^ @]+)( .*)?$/\2/p' "$@" | sort -u); do
  digest=$(docker buildx imagetools inspect "$image" --format '{{.Manifest.Digest}}')
  sed -i -E "s#(FROM|image:) $image( |\$)#\1 $image@$digest\2#" "$@"
done
