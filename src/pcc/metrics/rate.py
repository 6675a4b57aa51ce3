"""Rates: bits per *input* point, and Mbit/s of a sequence.

The bits are those of the whole file that a decoder needs (header, side information, checksums). The points are those
of the input before any de-duplication; a program's own log often divides by the points that it coded instead.
"""

from __future__ import annotations


def bits_per_point(num_bytes: int, num_input_points: int) -> float:
    """bpp = 8 num_bytes / num_input_points.

    Raises:
        ValueError: there are no points, or a negative number of bytes.
    """
    if num_input_points <= 0:
        raise ValueError(f"num_input_points: expected at least 1, got {num_input_points}")
    if num_bytes < 0:
        raise ValueError(f"num_bytes: expected at least 0, got {num_bytes}")
    return 8 * num_bytes / num_input_points


def megabits_per_second(num_bytes: int, num_frames: int, frame_rate_hz: float) -> float:
    """Mbit/s (10^6 bits) of ``num_frames`` frames in ``num_bytes``, shown at ``frame_rate_hz`` frames a second.

    Raises:
        ValueError: there are no frames, or the frame rate is not positive.
    """
    if num_frames <= 0:
        raise ValueError(f"num_frames: expected at least 1, got {num_frames}")
    if not frame_rate_hz > 0:
        raise ValueError(f"frame_rate_hz: expected a positive number, got {frame_rate_hz}")
    return 8 * num_bytes * frame_rate_hz / num_frames / 1e6
