"""Other people's codecs behind one contract: ``Anchor.encode(cloud, setting) -> AnchorResult``.

Draco and LASzip come with the extra ``eval``; the bypass needs nothing; G-PCC needs a tmc3 of the user's own. A codec
that is missing raises ``AnchorError``, which names what to install; nothing here falls back silently.
"""

from pcc.anchors.base import Anchor, AnchorResult, Cost, Setting

__all__ = ["Anchor", "AnchorResult", "Cost", "Setting"]
