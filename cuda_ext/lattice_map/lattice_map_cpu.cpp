#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <numbers>
#include <stdexcept>
#include <vector>

#include "common/ranges.h"
#include "lattice_map/op.h"

namespace pcc {
namespace {

constexpr std::int64_t kGrain = 1 << 13;
constexpr double kShortStep = 2.0;  // squared, in voxels
constexpr int kCandidates = 3;  // lasers whose cones are nearest to a point

std::int64_t rounded(std::int64_t value, int shift) { return (value + (std::int64_t{1} << (shift - 1))) >> shift; }

void put(std::int64_t value, int bits, std::int32_t& voxel, std::uint8_t& place) {
  const std::int64_t moved = value + (std::int64_t{1} << (bits - 1));
  voxel = static_cast<std::int32_t>(moved >> bits);
  place = static_cast<std::uint8_t>(moved >> (bits - 8));
}

// What the distance ahead is less than the radius, at a distance aside.
template <typename T>
T bend(bool radial, T radius, T aside) {
  return radial && radius > std::abs(aside) ? aside * aside / (2 * radius) : T{0};
}

// A laser as the search wants it, in voxels.
struct Ray {
  double slope[3], offset[3], slope_squared;
  double heading, aside;   // of the slope in the plane; of the offset across it
  double rise, height;     // z = rise * distance in the plane along the heading + height
};

Ray make_ray(const std::int64_t* slope, const std::int64_t* offset) {
  Ray ray{};
  for (int i = 0; i < 3; i++) {
    ray.slope[i] = std::ldexp(static_cast<double>(slope[i]), -kSlopeBits);
    ray.offset[i] = std::ldexp(static_cast<double>(offset[i]), -kSlopeBits);
    ray.slope_squared += ray.slope[i] * ray.slope[i];
  }
  const double flat = std::max(std::hypot(ray.slope[0], ray.slope[1]), 1e-9);
  const double c = ray.slope[0] / flat, s = ray.slope[1] / flat;
  ray.heading = std::atan2(s, c);
  ray.aside = ray.offset[1] * c - ray.offset[0] * s;
  ray.rise = ray.slope[2] / flat;
  ray.height = ray.offset[2] - ray.rise * (ray.offset[0] * c + ray.offset[1] * s);
  return ray;
}

class Search {
 public:
  Search(const Lattice& lattice, std::int32_t max_index) : lattice_(lattice), max_index_(max_index) {
    for (int l = 0; l < lattice.lasers; l++) rays_.push_back(make_ray(lattice.slope + 3 * l, lattice.offset + 3 * l));
  }

  void operator()(const double* p, std::uint8_t& laser, std::int32_t& step, std::int32_t& index, float& error) const {
    const double radius = std::hypot(p[0], p[1]), azimuth = std::atan2(p[1], p[0]);
    double best = 1e30;
    for (const int l : nearest(radius, p[2])) {
      if (l < 0) continue;
      const Ray& ray = rays_[l];
      const double across = std::asin(std::clamp(ray.aside / std::max(radius, 1.0), -1.0, 1.0));
      const double turns = (azimuth - ray.heading - across) / (2 * std::numbers::pi);
      auto u = static_cast<std::int32_t>(std::llround((turns - std::floor(turns)) * lattice_.steps));
      if (u >= lattice_.steps) u -= lattice_.steps;
      std::int32_t n;
      const double distance = compare(ray, p, u, n);
      if (distance < best) best = distance, laser = static_cast<std::uint8_t>(l), step = u, index = n;
    }
    error = static_cast<float>(best);
  }

 private:
  // The lasers whose cones have the least difference in height, -1 where there are fewer.
  std::array<int, kCandidates> nearest(double radius, double z) const {
    std::array<int, kCandidates> found;
    std::array<double, kCandidates> height;
    found.fill(-1), height.fill(1e30);
    for (int l = 0; l < lattice_.lasers; l++) {
      double h = std::abs(z - rays_[l].rise * radius - rays_[l].height);
      int at = l;
      for (int k = 0; k < kCandidates; k++)
        if (h < height[k]) std::swap(h, height[k]), std::swap(at, found[k]);
    }
    return found;
  }

  double compare(const Ray& ray, const double* p, std::int32_t u, std::int32_t& n) const {
    const double c = std::ldexp(lattice_.turn[2 * u], -kTurnBits), s = std::ldexp(lattice_.turn[2 * u + 1], -kTurnBits);
    double q[3] = {p[0] * c + p[1] * s, p[1] * c - p[0] * s, p[2]};
    q[0] += bend(lattice_.radial, q[0], q[1]);
    double along = 0;
    for (int i = 0; i < 3; i++) along += (q[i] - ray.offset[i]) * ray.slope[i];
    n = static_cast<std::int32_t>(std::clamp<double>(std::nearbyint(along / ray.slope_squared), 1, max_index_));
    double best = distance(ray, p, c, s, n);
    if (best <= 0.5 || ray.slope_squared > kShortStep) return best;
    const std::int32_t nearest = n;  // along the ray; where steps are short, one of its neighbours may be nearer on all axes
    for (const std::int32_t other : {nearest - 1, nearest + 1}) {
      const double there = other >= 1 ? distance(ray, p, c, s, other) : best;
      if (there < best) best = there, n = other;
    }
    return best;
  }

  double distance(const Ray& ray, const double* p, double c, double s, std::int32_t n) const {
    const double radius = n * ray.slope[0] + ray.offset[0], y = n * ray.slope[1] + ray.offset[1];
    const double x = radius - bend(lattice_.radial, radius, y), z = n * ray.slope[2] + ray.offset[2];
    return std::max({std::abs(x * c - y * s - p[0]), std::abs(y * c + x * s - p[1]), std::abs(z - p[2])});
  }

  const Lattice& lattice_;
  std::int32_t max_index_;
  std::vector<Ray> rays_;
};

}  // namespace

void lattice_positions(const Lattice& lattice, const std::uint8_t* laser, const std::int32_t* step, const std::int32_t* half,
                       std::int64_t n, std::int32_t* voxels, std::uint8_t* place) {
  for (std::int64_t i = 0; i < n; i++)
    if (laser[i] >= lattice.lasers || step[i] < 0 || step[i] >= lattice.steps)
      throw std::out_of_range("laser, step: there is no such place in the lattice");
  for_ranges(n, kGrain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; i++) {
      const std::int64_t *slope = lattice.slope + 3 * laser[i], *offset = lattice.offset + 3 * laser[i];
      const std::int64_t c = lattice.turn[2 * step[i]], s = lattice.turn[2 * step[i] + 1];
      std::int64_t q[3];
      for (int k = 0; k < 3; k++) q[k] = rounded(half[i] * slope[k] + 2 * offset[k], kSlopeBits + 1 - kPointBits);
      q[0] -= bend(lattice.radial, q[0], q[1]);
      put(q[0] * c - q[1] * s, kPointBits + kTurnBits, voxels[3 * i], place[3 * i]);
      put(q[0] * s + q[1] * c, kPointBits + kTurnBits, voxels[3 * i + 1], place[3 * i + 1]);
      put(q[2], kPointBits, voxels[3 * i + 2], place[3 * i + 2]);
    }
  });
}

void lattice_find(const Lattice& lattice, const double* xyz, std::int64_t n, std::int32_t max_index, const Found& found) {
  const Search search(lattice, max_index);
  for_ranges(n, kGrain / 8, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; i++)
      search(xyz + 3 * i, found.laser[i], found.step[i], found.index[i], found.error[i]);
  });
}

}  // namespace pcc
