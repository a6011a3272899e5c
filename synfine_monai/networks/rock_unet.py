"""The U-Net of SynFine: three levels, 467 thousand parameters, and the names of its parts."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import torch
from monai.networks.nets.basic_unet import Down, TwoConv, UpCat
from torch import nn
from torch.nn.functional import pad

SEQUENTIAL: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "down_0": ("down_0",),
        "down_1": ("down_1",),
        "down_2": ("down_2",),
        "up_0": ("up_0",),
        "up_1": ("up_1",),
        "head": ("head",),
    }
)
"""Block -> modules of :class:`RockUNet`, from input to output (the paper's sequential view, and the head)."""

TRANSVERSAL: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"high": ("down_0", "up_1"), "mid": ("down_1", "up_0"), "low": ("down_2",)}
)
"""Level -> modules of :class:`RockUNet` that work at one resolution (the paper's transversal view)."""


class RockUNet(nn.Module):
    """U-Net of three resolutions for slices of rock.

    A block is two 3×3 convolutions, each with bias, batch norm and ReLU. Max-pooling leads down, a 2×2 transposed
    convolution (part of its up block) leads up, and the features of the same level are concatenated. One class has
    467,233 parameters, two have 467,266: the paper's "regular 3 blocks U-Net with 467k parameters".

    Args:
        in_channels: grey-value channels; more than one when neighbouring slices are seen as well.
        num_classes: logits per pixel.
        channels: features at full, half and quarter resolution.

    Shapes:
        image (B, in_channels, H, W), float, normalised, any H and W -> logits (B, num_classes, H, W).
        Sizes that 4 does not divide are padded inside by replicating the last row and column.

    Source: Mounsif et al., SynFine (ICPRAM 2023), sec. 4; Ronneberger et al., U-Net (MICCAI 2015).
    """

    def __init__(self, in_channels: int = 1, num_classes: int = 2, channels: Sequence[int] = (32, 64, 128)) -> None:
        super().__init__()
        if in_channels < 1 or num_classes < 1 or len(channels) != 3 or min(channels) < 1:
            raise ValueError(
                f"RockUNet needs at least one input channel and class and three positive widths, got "
                f"in_channels={in_channels}, num_classes={num_classes}, channels={tuple(channels)}."
            )
        high, mid, low = channels
        block = {"spatial_dims": 2, "act": ("RELU", {"inplace": True}), "norm": "BATCH", "bias": True}
        self.down_0 = TwoConv(in_chns=in_channels, out_chns=high, **block)
        self.down_1 = Down(in_chns=high, out_chns=mid, **block)
        self.down_2 = Down(in_chns=mid, out_chns=low, **block)
        # UpCat's own padding copies every feature map, needed or not: a fifth of a training step
        self.up_0 = UpCat(in_chns=low, cat_chns=mid, out_chns=mid, is_pad=False, **block)
        self.up_1 = UpCat(in_chns=mid, cat_chns=high, out_chns=high, is_pad=False, **block)
        self.head = nn.Conv2d(high, num_classes, kernel_size=1)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        height, width = image.shape[-2], image.shape[-1]
        below, right = -height % 4, -width % 4
        # a trace keeps the padding, so that an exported graph takes any size as well
        if torch.jit.is_tracing() or below + right > 0:
            image = pad(image, [0, right, 0, below], mode="replicate")
        high = self.down_0(image)
        mid = self.down_1(high)
        low = self.down_2(mid)
        return self.head(self.up_1(self.up_0(low, mid), high))[..., :height, :width]


def parameters_of(network: nn.Module, modules: str | Sequence[str]) -> dict[str, nn.Parameter]:
    """All parameters inside some modules of a network.

    Args:
        network: any network.
        modules: one module path or several ("down_1", "up_0.convs"); "" is the network itself. A name such as
            "down_1" never takes in "down_10".

    Returns:
        Parameter name, as in ``network.named_parameters()`` -> parameter, in the order of ``modules``.

    Raises:
        ValueError: if the network has no such module.
    """
    found: dict[str, nn.Parameter] = {}
    for path in (modules,) if isinstance(modules, str) else modules:
        try:
            module = network.get_submodule(path)
        except AttributeError as error:
            parts = ", ".join(name for name, _ in network.named_children())
            raise ValueError(f"{type(network).__name__} has no module '{path}'; its parts are {parts}.") from error
        found.update(module.named_parameters(prefix=path))
    return found
