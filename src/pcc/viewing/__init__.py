"""Pictures of clouds: drawn here without a display (``picture``), or shown in a window of Open3D (``window``).

    cloud --colours--> (N, 3) uint8 --+
      |                               +--splats--> (H, W, 3) uint8 --picture--> with titles and colour bar --> png
      +-----camera--> view, framing --+

numpy is all it needs. The same cloud gives the same bytes each time. Distances between clouds are ``pcc.metrics``'.
"""
