// What the search for a frame's twist needs of every point, again and again. For encoders: floating point, written out in
// src/pcc/ops/twist_fit.py.
//
//   undo    xyz (n, 3) float64, corrected voxels; branch (n,) int8; twist (6,) float64 -> raw (n, 3) float64, share (n,) float64
//   cones   raw (n, 3) float64 -> laser (n,) uint8 whose cone is nearest in height; height (n,) float64, above it
//   sharpness  xyz (n, 3) float64, share (n,) float64, motion (k, 6) float64 -> (k,) float64: the mean over the points
//              xyz - share (v + w x xyz) of 1 / (1 + (height over the nearest cone / scale)^2)
#pragma once
#include <cstdint>

#include "lattice_map/op.h"

namespace pcc {

void twist_undo(const double* twist, const double* xyz, const std::int8_t* branch, std::int64_t n, double* raw, double* share);
void lattice_cones(const Lattice& lattice, const double* raw, std::int64_t n, std::uint8_t* laser, double* height);
void cone_sharpness(const Lattice& lattice, const double* xyz, const double* share, std::int64_t n, const double* motion,
                    std::int64_t candidates, double scale, double* sharpness);

}  // namespace pcc
