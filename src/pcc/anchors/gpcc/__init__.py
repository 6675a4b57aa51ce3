"""MPEG's G-PCC through a tmc3 of the user's own."""

from pcc.anchors.gpcc.codec import Gpcc

__all__ = ["Gpcc"]
