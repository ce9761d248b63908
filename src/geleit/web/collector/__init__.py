"""Takes events over HTTP: Segment spec, CloudEvents, Jitsu's path, webhooks; the hot path beside the pages."""
