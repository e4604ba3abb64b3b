"""What the PyTorch backends share: data, models, training, and models in files.

`recipe` tells how a task plugs in; everything else follows from it.
"""
