"""Backends of the time of TensorFlow 1, said with the options of today's."""
