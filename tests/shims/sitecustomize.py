"""Let torchvision work where its compiled operators do not fit torch, in tests alone.

A torchvision that was built for CUDA cannot load its operators beside a torch for the CPU, and
then its import fails. With this folder on PYTHONPATH the operators that are needed to import it,
and those of object detection, are defined in Python. Nothing happens where torchvision finds its
own, and nothing is imported before torchvision is.
"""

import importlib.machinery
import importlib.util
import pathlib
import sys


class _After:
    """Loads a module as its own loader does, then calls a function with it."""

    def __init__(self, loader, then):
        self._loader = loader
        self._then = then

    def __getattr__(self, name):
        return getattr(self._loader, name)

    def create_module(self, spec):
        return self._loader.create_module(spec)

    def exec_module(self, module):
        self._loader.exec_module(module)
        self._then(module)


class _Finder:
    """Finds the two modules of torchvision after which something is to be done."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        then = {"torchvision.extension": _define_operators, "torchvision": _use_them}.get(name)
        if then is None:
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = _After(spec.loader, then)
        return spec


def _define_operators(extension):
    """Define what the import of torchvision asks for."""
    if extension._has_ops():
        return
    import torch

    library = torch.library.Library("torchvision", "FRAGMENT")
    library.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    library.define("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    library.impl("nms", _nms, "CPU")
    extension.operators_of_tests = library  # what is defined lasts as long as the library does


def _use_them(torchvision):
    """Let torchvision take these operators for its own."""
    if torchvision.extension._has_ops():
        return
    torchvision.extension._has_ops = lambda: True
    sys.modules["torchvision.ops.roi_align"]._roi_align = _roi_align


def _nms(boxes, scores, iou_threshold):
    """Suppress boxes that overlap a better one: indices of the rest, best first."""
    import torch

    order = torch.argsort(scores, descending=True, stable=True)
    boxes = boxes[order]
    areas = (boxes[:, 2:] - boxes[:, :2]).prod(dim=1)
    alive = torch.ones(len(boxes), dtype=torch.bool)
    kept = []
    for i in range(len(boxes)):
        if not alive[i]:
            continue
        kept.append(i)
        upper_left = torch.maximum(boxes[i, :2], boxes[i + 1 :, :2])
        lower_right = torch.minimum(boxes[i, 2:], boxes[i + 1 :, 2:])
        shared = (lower_right - upper_left).clamp(min=0).prod(dim=1)
        overlap = shared / (areas[i] + areas[i + 1 :] - shared)
        alive[i + 1 :] &= ~(overlap > iou_threshold)
    return order[torch.tensor(kept, dtype=torch.long)]


def _roi_align(features, rois, scale, height, width, sampling_ratio, aligned):
    """Pool features in regions; two by two samples a bin where their number is left open."""
    import torch

    n = sampling_ratio if sampling_ratio > 0 else 2
    size = torch.tensor([features.shape[3], features.shape[2]], dtype=rois.dtype)
    corners = rois[:, 1:] * scale - (0.5 if aligned else 0.0)
    extents = corners[:, 2:] - corners[:, :2]
    if not aligned:
        extents = extents.clamp(min=1.0)
    steps = [(torch.arange(m * n, dtype=rois.dtype) + 0.5) / (m * n) for m in (width, height)]
    pooled = features.new_zeros((len(rois), features.shape[1], height, width))
    for image in rois[:, 0].unique().tolist():
        chosen = torch.nonzero(rois[:, 0] == image).flatten()
        x, y = (
            corners[chosen, axis, None] + extents[chosen, axis, None] * steps[axis]
            for axis in (0, 1)
        )
        shape = (len(chosen), height * n, width * n)
        points = torch.stack((x[:, None, :].expand(shape), y[:, :, None].expand(shape)), dim=-1)
        grid = ((points + 0.5) / size * 2 - 1).reshape(1, -1, width * n, 2).to(features.dtype)
        found = torch.nn.functional.grid_sample(
            features[int(image)][None], grid, padding_mode="border", align_corners=False
        )
        found = found.reshape(-1, len(chosen), height, n, width, n).mean(dim=(3, 5))
        pooled = pooled.index_put((chosen,), found.transpose(0, 1).contiguous())
    return pooled


def _run_other():
    """Run the sitecustomize of this installation, which this file hides."""
    here = pathlib.Path(__file__).resolve().parent
    elsewhere = [path for path in sys.path if pathlib.Path(path or ".").resolve() != here]
    spec = importlib.machinery.PathFinder.find_spec("sitecustomize", elsewhere)
    if spec is not None and spec.loader is not None:
        spec.loader.exec_module(importlib.util.module_from_spec(spec))


if not any(isinstance(finder, type) and finder.__name__ == "_Finder" for finder in sys.meta_path):
    sys.meta_path.insert(0, _Finder)
    _run_other()
