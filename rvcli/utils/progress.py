"""Progress, as components and plugins tell it."""

from rvcli.progress import Progress, ProgressEvent, Sink, part, track, use_sink

__all__ = ["Progress", "ProgressEvent", "Sink", "part", "track", "use_sink"]
